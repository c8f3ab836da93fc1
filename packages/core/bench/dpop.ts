import { createHash } from "node:crypto";
import { DpopSession } from "@modelcontextprotocol/client";

/** An access token of a usual length. */
const ACCESS_TOKEN = "a".repeat(900);

export const ACCESS_TOKEN_HASH: string = createHash("sha256").update(ACCESS_TOKEN).digest("base64url");

/** A request as MCP's own proofs of possession (DPoP, RFC 9449) speak of it: every call of MCP is this one. */
export const DPOP_REQUEST = {
  htm: "POST",
  htu: "https://mcp.example.com/mcp",
  accessToken: ACCESS_TOKEN,
} as const;

/** Returns a session of the MCP SDK's client, with the same kind of key that attestations have. */
export function dpopSession(): Promise<DpopSession> {
  return DpopSession.create({ alg: "EdDSA" });
}
