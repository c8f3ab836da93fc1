/** MCP's reference server has no declarations of its own. */
declare module "@modelcontextprotocol/server-everything/dist/server/index.js" {
  import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";

  export function createServer(): {
    readonly server: McpServer;
    /** Ends the server's timers; to be called when its session is over. */
    readonly cleanup: (sessionId?: string) => void;
  };
}
