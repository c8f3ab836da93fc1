import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";

/** The key of attestation in capabilities and `_meta`. */
export const KEY = "security.attestation";

/** A server that knows nothing of attestation but says `experimental`, and a transport to reach it. */
export async function silentServer(
  experimental: Record<string, object> = {},
): Promise<{ server: Server; transport: Transport }> {
  const server = new Server({ name: "silent", version: "1" }, { capabilities: { experimental } });
  const [transport, serverSide] = InMemoryTransport.createLinkedPair();
  await server.connect(serverSide);
  return { server, transport };
}

/** A server's capability with this outcome. */
export function statusOf(verification_status: string): object {
  const lists = { trusted_issuers: [], required_claims: [], verified_claims: [] };
  return { version: "0.1.0", policy: "optional", verification_status, trust_level: "none", ...lists };
}
