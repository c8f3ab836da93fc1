import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { SubscribeRequestSchema, UnsubscribeRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { registerContentTools } from "./content-tools.ts";
import { registerConversationTools } from "./conversation-tools.ts";
import { registerElicitationTools } from "./elicitation-tools.ts";
import { registerPrompts } from "./prompts.ts";
import { registerResources } from "./resources.ts";

/** A server of the SDK with what MCP's conformance suite expects of one: the names and values are the suite's. */
export function createFixtureServer(): McpServer {
  const server = new McpServer(
    { name: "conformance-fixtures", version: "1.0.0" },
    { capabilities: { logging: {}, completions: {}, resources: { subscribe: true } } },
  );
  registerContentTools(server);
  registerConversationTools(server);
  registerElicitationTools(server);
  registerResources(server);
  registerPrompts(server);
  server.server.setRequestHandler(SubscribeRequestSchema, () => ({}));
  server.server.setRequestHandler(UnsubscribeRequestSchema, () => ({}));
  return server;
}
