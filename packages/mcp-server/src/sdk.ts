import type { McpServer as McpServerType } from "@modelcontextprotocol/sdk/server/mcp.js";

/**
 * The one place where the SDK's code, not only its types, comes in. It is looked for and not demanded: gate and
 * guards work with any server that has the SDK's shape, and only `AttestingServer` is made from the SDK's own.
 */
const sdk = await import("@modelcontextprotocol/sdk/server/mcp.js").catch((error: unknown) => {
  if ((error as { readonly code?: unknown }).code === "ERR_MODULE_NOT_FOUND") return undefined;
  throw error;
});

/** Whether `@modelcontextprotocol/sdk` can be resolved from where this package is installed. */
export const MCP_AVAILABLE: boolean = sdk !== undefined;

class MissingMcpServer {
  constructor() {
    throw new Error(
      "AttestingServer needs @modelcontextprotocol/sdk, which is not installed: npm install @modelcontextprotocol/sdk",
    );
  }
}

/** The SDK's `McpServer`, or, without the SDK, a class that says so when it is constructed. */
export const McpServer: typeof McpServerType =
  sdk?.McpServer ?? (MissingMcpServer as unknown as typeof McpServerType);

/** The options of the SDK's `McpServer`, which have a name of their own only since 1.32. */
export type McpServerOptions = NonNullable<ConstructorParameters<typeof McpServerType>[1]>;
