import type { Client as ClientType } from "@modelcontextprotocol/sdk/client/index.js";

/**
 * The one place where the SDK's code, not only its types, comes in. It is looked for and not demanded:
 * `attestTransport` works with any client, and only `AttestingClientSession` is made from the SDK's own.
 */
const sdk = await import("@modelcontextprotocol/sdk/client/index.js").catch((error: unknown) => {
  if ((error as { readonly code?: unknown }).code === "ERR_MODULE_NOT_FOUND") return undefined;
  throw error;
});

/** Whether `@modelcontextprotocol/sdk` can be resolved from where this package is installed. */
export const MCP_AVAILABLE: boolean = sdk !== undefined;

class MissingClient {
  constructor() {
    throw new Error(
      "AttestingClientSession needs @modelcontextprotocol/sdk, which is not installed: npm install @modelcontextprotocol/sdk",
    );
  }
}

/** The SDK's `Client`, or, without the SDK, a class that says so when it is constructed. */
export const Client: typeof ClientType = sdk?.Client ?? (MissingClient as unknown as typeof ClientType);
