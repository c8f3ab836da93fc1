/*
 * An HTTP server in a process of its own, whose CPU is nobody else's. It tells its address, and on every message how much
 * it has used and how often it has written to a socket.
 */
import { createPublicKey, verify } from "node:crypto";
import { createServer } from "node:http";
import { type AddressInfo, Socket } from "node:net";
import { AttestationVerifier, Ed25519PublicKey, InMemoryKeyResolver } from "@attest/core";
import { attestServer, requireAttestation } from "@attest/mcp-server";
import { HttpSessions, toNodeHandler } from "@attest/mcp-server/http";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { z } from "zod";
import { startHttpHost } from "../test/support/http-host.ts";

const [kind = "", jwkText = "", issuer = "", audience = ""] = process.argv.slice(2);
const publicKey = Ed25519PublicKey.fromJwk(JSON.parse(jwkText));
const key = createPublicKey({ key: JSON.parse(jwkText), format: "jwk" });
const keyResolver = new InMemoryKeyResolver();
keyResolver.addKey(issuer, "bench-2026", publicKey);
const verifier = new AttestationVerifier({ trustedIssuers: [issuer], keyResolver, audience });

const answer = { content: [{ type: "text" as const, text: "sun" }] };
const inputSchema = { city: z.string() };

function bare(): McpServer {
  const server = new McpServer({ name: "bench", version: "1.0.0" });
  server.registerTool("forecast", { inputSchema }, async () => answer);
  return server;
}

function guarded(): McpServer {
  const server = new McpServer({ name: "bench", version: "1.0.0" });
  const handler = requireAttestation({ trustLevel: "provider" }, async () => answer);
  server.registerTool("forecast", { inputSchema }, handler);
  return server;
}

/** The SDK's server, which verifies a token's signature so many times, and nothing else, when `initialize` comes. */
function verifying(times: number): McpServer {
  const server = bare();
  const connect = server.connect.bind(server);
  server.connect = async (transport: Transport) => {
    await connect(transport);
    const receive = transport.onmessage;
    transport.onmessage = (message, extra) => {
      if ("method" in message && message.method === "initialize") {
        for (let time = 0; time < times; time++) verifyToken(message.params);
      }
      receive?.(message, extra);
    };
  };
  return server;
}

function verifyToken(params: object | undefined): void {
  const { capabilities } = params as {
    capabilities: { experimental: { "security.attestation": { token: string } } };
  };
  const { token } = capabilities.experimental["security.attestation"];
  const dot = token.lastIndexOf(".");
  const signature = Buffer.from(token.slice(dot + 1), "base64url");
  if (!verify(null, Buffer.from(token.slice(0, dot)), key, signature))
    throw new Error("a token does not verify");
}

const portOf = async (createMcpServer: () => McpServer): Promise<number> =>
  Number((await startHttpHost(createMcpServer)).url.port);

/** Starts a server; returns its port. */
const starts: Readonly<Record<string, () => Promise<number>>> = {
  sdk: () => portOf(bare),
  "sdk-verifying-twice": () => portOf(() => verifying(2)),
  "sdk-gated": () => portOf(() => attestServer(guarded(), { verifier })),
  sessions: async () => {
    const http = createServer(toNodeHandler(new HttpSessions({ verifier, createServer: guarded }).handle));
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    return (http.address() as AddressInfo).port;
  },
};

let writes = 0;
const prototype = Socket.prototype as unknown as Record<"_write" | "_writev", (...args: never[]) => unknown>;
for (const method of ["_write", "_writev"] as const) {
  const original = prototype[method];
  prototype[method] = function (this: Socket, ...args: never[]) {
    if ("server" in this && this.server) writes += 1;
    return original.apply(this, args);
  };
}

const port = await starts[kind]?.();
if (port === undefined) throw new Error(`no such server: ${kind}`);
process.send?.({ port });
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ microseconds: user + system, writes });
});
process.on("disconnect", () => process.exit());
