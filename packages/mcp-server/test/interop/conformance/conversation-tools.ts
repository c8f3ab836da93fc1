import { setTimeout } from "node:timers/promises";
import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { CreateMessageResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";

const say = (text: string) => ({ content: [{ type: "text" as const, text }] });

/** Tools that talk with the client while they run. */
export function registerConversationTools(server: McpServer): void {
  server.registerTool(
    "test_tool_with_logging",
    { description: "Logs while it runs", inputSchema: {} },
    async (_arguments, { sendNotification }) => {
      for (const data of ["Tool execution started", "Tool processing data", "Tool execution completed"]) {
        await sendNotification({ method: "notifications/message", params: { level: "info", data } });
        await setTimeout(50);
      }
      return say("done");
    },
  );
  server.registerTool(
    "test_tool_with_progress",
    { description: "Tells how far it is", inputSchema: {} },
    async (_arguments, { sendNotification, _meta }) => {
      const progressToken = _meta?.progressToken;
      for (const progress of [0, 50, 100]) {
        if (progressToken !== undefined) {
          const params = { progressToken, progress, total: 100 };
          await sendNotification({ method: "notifications/progress", params });
        }
        await setTimeout(50);
      }
      return say("done");
    },
  );
  server.registerTool(
    "test_sampling",
    { description: "Asks the client's model", inputSchema: { prompt: z.string() } },
    async ({ prompt }, { sendRequest }) => {
      const messages = [{ role: "user" as const, content: { type: "text" as const, text: prompt } }];
      const { content } = await sendRequest(
        { method: "sampling/createMessage", params: { messages, maxTokens: 100 } },
        CreateMessageResultSchema,
      );
      return say(`LLM response: ${content.type === "text" ? content.text : content.type}`);
    },
  );
}
