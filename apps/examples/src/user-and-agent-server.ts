/*
 * A server that knows both: the user, by an OAuth access token that Express checks on every request, and the agent that
 * acts for that user, by its attestation. A tool sees the two side by side.
 *
 *   node apps/demo-provider/dist/main.js                  the provider that vouches for the agent
 *   node apps/examples/dist/user-and-agent-server.js      the server
 *   ACCESS_TOKEN=alice-access-token \
 *     node apps/examples/dist/http-agent.js http://127.0.0.1:4400/mcp https://notes.example my_notes
 */
import type { AddressInfo } from "node:net";
import { AttestationVerifier } from "@attest/core";
import { HTTPKeyResolver } from "@attest/jwks";
import { currentAttestation, type GateEvent } from "@attest/mcp-server";
import { HttpSessions, toNodeHandler } from "@attest/mcp-server/http";
import { InvalidTokenError } from "@modelcontextprotocol/sdk/server/auth/errors.js";
import { requireBearerAuth } from "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js";
import type { AuthInfo } from "@modelcontextprotocol/sdk/server/auth/types.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import express from "express";

const RESOURCE = new URL("https://notes.example");

// The user. Yours asks your authorization server, or verifies its JWT; these are two users to try with.
const users = new Map([
  ["alice-access-token", "alice"],
  ["bob-access-token", "bob"],
]);
async function verifyAccessToken(token: string): Promise<AuthInfo> {
  const user = users.get(token);
  if (user === undefined) throw new InvalidTokenError("unknown access token");
  const expiresAt = Date.now() / 1000 + 3600;
  return { token, clientId: "notes-app", scopes: ["notes"], resource: RESOURCE, expiresAt, extra: { user } };
}

// The agent.
const verifier = new AttestationVerifier({
  trustedIssuers: [
    { issuer: process.env["ISSUER"] || "http://127.0.0.1:4100", trustDomains: ["provider.example"] },
  ],
  keyResolver: new HTTPKeyResolver({ allowInsecure: "loopback" }),
  audience: "https://notes.example",
});

function createNotesServer(): McpServer {
  const server = new McpServer({ name: "notes", version: "1.0.0" });
  server.registerTool("my_notes", { description: "The notes of the user" }, async ({ authInfo }) => ({
    content: [
      {
        type: "text",
        text: `notes of ${String(authInfo?.extra?.["user"])}, read by ${currentAttestation()?.subject}`,
      },
    ],
  }));
  return server;
}

const sessions = new HttpSessions({
  verifier,
  createServer: createNotesServer,
  rules: { tools: { "*": {} } },
  recordCalls: true,
  observer: {
    record: (event: GateEvent) => {
      if (event.type === "called") console.log(`${event.subject} called ${event.target}: ${event.outcome}`);
    },
  },
});

const app = express();
// First the user: without a good access token nothing is read, and no attestation is used up.
app.all(
  "/mcp",
  requireBearerAuth({
    verifier: { verifyAccessToken },
    requiredScopes: ["notes"],
    expectedResource: RESOURCE,
  }),
  toNodeHandler(sessions.handle),
);
const http = app.listen(Number(process.env["PORT"] || 4400), "127.0.0.1", (error) => {
  if (error) {
    console.error(error.message);
    process.exitCode = 1;
    return;
  }
  console.log(`listening on http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, async () => {
    http.close();
    await sessions.close();
    http.closeAllConnections();
  });
}
