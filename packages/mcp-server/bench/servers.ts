import { AttestationVerifier, InMemoryKeyResolver, InMemoryReplayCache } from "@attest/core";
import { attestServer, requireAttestation } from "@attest/mcp-server";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { z } from "zod";
import { AUDIENCE, ISSUER, keyPair } from "./tokens.ts";

const keyResolver = new InMemoryKeyResolver();
keyResolver.addKeyPair(ISSUER, keyPair);

const answer = { content: [{ type: "text" as const, text: "sun" }] };
const inputSchema = { city: z.string() };

/** The SDK's server alone, with two tools that do the same. */
export function bareServer(): McpServer {
  const server = new McpServer({ name: "bench", version: "1.0.0" });
  server.registerTool("open", { inputSchema }, async () => answer);
  server.registerTool("guarded", { inputSchema }, async () => answer);
  return server;
}

/** Makes the same server behind a gate, one of its tools for attested agents; all share one verifier. */
export function attestedServers(): () => McpServer {
  const replayCache = new InMemoryReplayCache();
  const verifier = new AttestationVerifier({
    trustedIssuers: [ISSUER],
    keyResolver,
    audience: AUDIENCE,
    replayCache,
  });
  return () => {
    const server = new McpServer({ name: "bench", version: "1.0.0" });
    server.registerTool("open", { inputSchema }, async () => answer);
    server.registerTool(
      "guarded",
      { inputSchema },
      requireAttestation({ trustLevel: "provider" }, async () => answer),
    );
    return attestServer(server, { verifier });
  };
}
