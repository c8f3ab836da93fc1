import { AttestationErrorCode } from "@attest/core";
import { attestTransport } from "@attest/mcp-client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";

const CODES: ReadonlySet<unknown> = new Set(Object.values(AttestationErrorCode));

/** Outcome of an attempt to get in: success, or the code of the refusal. */
export type Outcome = AttestationErrorCode | "got in";

/** Calls `tool` over a session that presents `token`, or nothing, and says how far that got. */
export async function attempt(mcpUrl: string, token: string | undefined, tool: string): Promise<Outcome> {
  // The SDK's class is not assignable to its own interface under exactOptionalPropertyTypes.
  const transport = new StreamableHTTPClientTransport(new URL(mcpUrl)) as Transport;
  if (token !== undefined) attestTransport(transport, { getToken: () => token });
  const client = new Client({ name: "attempt", version: "1.0.0" });
  try {
    await client.connect(transport);
    await client.callTool({ name: tool, arguments: { service: "mail" } });
    return "got in";
  } catch (error) {
    return outcomeOf(error);
  } finally {
    await client.close();
  }
}

/** Returns the outcome of a call that ended with this error, or with none. @throws what is no refusal. */
export function outcomeOf(error: unknown): Outcome {
  if (error === undefined) return "got in";
  const { code } = error as { readonly code?: unknown };
  if (CODES.has(code)) return code as AttestationErrorCode;
  throw error;
}
