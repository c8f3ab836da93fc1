/*
 * A server in a process of its own, whose memory and time are nobody else's: started by start-http-server.ts, which it tells
 * its address, and its usage whenever that asks.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  AttestationVerifier,
  Ed25519PublicKey,
  InMemoryKeyResolver,
  type VerificationPolicy,
} from "@attest/core";
import {
  HttpSessions,
  type HttpSessionsOptions,
  StatelessHttp,
  type StatelessHttpOptions,
  toNodeHandler,
} from "@attest/mcp-server/http";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { z } from "zod";
import { AUDIENCE, ISSUER } from "../../support/agents.ts";

export interface ServerSettings {
  readonly jwk: ReturnType<Ed25519PublicKey["toJwk"]>;
  readonly policy: VerificationPolicy;
  readonly options: Partial<HttpSessionsOptions & StatelessHttpOptions>;
  /** Whether each request stands alone. */
  readonly isStateless: boolean;
}

const { jwk, policy, options, isStateless }: ServerSettings = JSON.parse(process.argv[2] ?? "");
const keyResolver = new InMemoryKeyResolver();
keyResolver.addKey(ISSUER, "key-1", Ed25519PublicKey.fromJwk(jwk));
const verifier = new AttestationVerifier({
  trustedIssuers: [ISSUER],
  keyResolver,
  policy,
  audience: AUDIENCE,
});

let made = 0;
const errors: string[] = [];
const sessions = new (isStateless ? StatelessHttp : HttpSessions)({
  verifier,
  createServer: () => {
    made += 1;
    const server = new McpServer({ name: "served", version: "1.0.0" });
    server.registerTool("sky", {}, async () => ({ content: [{ type: "text", text: "blue" }] }));
    server.registerTool("fill", { inputSchema: { bytes: z.number() } }, async ({ bytes }) => ({
      content: [{ type: "text", text: "x".repeat(bytes) }],
    }));
    server.registerTool("hang", {}, () => new Promise(() => undefined));
    return server;
  },
  onerror: (error) => void errors.push(String(error)),
  ...options,
});

const http = createServer(toNodeHandler(sessions.handle));
http.listen(0, "127.0.0.1", () => {
  process.send?.({ url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp` });
});
process.on("message", () => {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  process.send?.({ bytes: heapUsed + external, sessions: sessions.size, made, errors });
});
process.on("disconnect", () => process.exit());
