/*
 * MCP without sessions, on any number of processes: each request carries its own proof, and whichever process gets it can
 * answer. Start as many as you like, behind any balancer; they share used-up proofs in Redis, and a key for nonces.
 *
 *   node apps/demo-provider/dist/main.js
 *   REDIS_URL=redis://127.0.0.1:6379 PORT=4401 node apps/examples/dist/stateless-server.js
 *   REDIS_URL=redis://127.0.0.1:6379 PORT=4402 node apps/examples/dist/stateless-server.js
 *   node apps/examples/dist/proving-agent.js http://127.0.0.1:4401/mcp https://weather.example who_am_i
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { AttestationVerifier, hmacNonces } from "@attest/core";
import { HTTPKeyResolver } from "@attest/jwks";
import { currentAttestation } from "@attest/mcp-server";
import { StatelessHttp, toNodeHandler } from "@attest/mcp-server/http";
import { RedisReplayCache } from "@attest/replay-redis";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";

const issuer = process.env["ISSUER"] || "http://127.0.0.1:4100";
const secret = process.env["NONCE_KEY"];

// A fall-back would remember in one process what another is shown: without Redis these servers refuse.
const replayCache = new RedisReplayCache({
  url: process.env["REDIS_URL"] || "redis://127.0.0.1:6379",
  fallbackEnabled: false,
});
const verifier = new AttestationVerifier({
  trustedIssuers: [{ issuer, trustDomains: ["provider.example"] }],
  keyResolver: new HTTPKeyResolver({ allowInsecure: "loopback" }),
  audience: process.env["AUDIENCE"] || "https://weather.example",
  replayCache,
  ...(secret ? { challenge: hmacNonces({ key: Buffer.from(secret, "base64url") }) } : {}),
});

function createWeatherServer(): McpServer {
  const server = new McpServer({ name: "weather", version: "1.0.0" });
  server.registerTool("who_am_i", { description: "Says who calls, and who answers" }, async () => ({
    content: [{ type: "text", text: `${currentAttestation()?.subject} at process ${process.pid}` }],
  }));
  return server;
}

const stateless = new StatelessHttp({ verifier, createServer: createWeatherServer });
const http = createServer(toNodeHandler(stateless.handle));
http.on("error", (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
http.listen(Number(process.env["PORT"] || 4400), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, async () => {
    http.close();
    await stateless.close({ graceSeconds: 2 });
    http.closeAllConnections();
    await replayCache.close();
  });
}
