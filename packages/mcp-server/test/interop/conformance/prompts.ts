import { completable } from "@modelcontextprotocol/sdk/server/completable.js";
import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { ContentBlock, GetPromptResult } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import { png } from "./samples.ts";

/** Prompts of text, with arguments that complete, with a resource and with an image. */
export function registerPrompts(server: McpServer): void {
  server.registerPrompt("test_simple_prompt", { description: "Text" }, () =>
    user({ type: "text", text: "This is a simple prompt for testing." }),
  );
  server.registerPrompt(
    "test_prompt_with_arguments",
    {
      description: "Text with arguments",
      argsSchema: {
        arg1: completable(z.string(), (value) => [value, `${value}-completed`]),
        arg2: z.string(),
      },
    },
    ({ arg1, arg2 }) => user({ type: "text", text: `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'` }),
  );
  server.registerPrompt(
    "test_prompt_with_embedded_resource",
    { description: "A resource", argsSchema: { resourceUri: z.string() } },
    ({ resourceUri: uri }) =>
      user(
        { type: "resource", resource: { uri, mimeType: "text/plain", text: "Embedded resource content." } },
        { type: "text", text: "Please process the embedded resource above." },
      ),
  );
  server.registerPrompt("test_prompt_with_image", { description: "An image" }, () =>
    user({ type: "image", ...png }, { type: "text", text: "Please analyze the image above." }),
  );
}

function user(...contents: ContentBlock[]): GetPromptResult {
  return { messages: contents.map((content) => ({ role: "user", content })) };
}
