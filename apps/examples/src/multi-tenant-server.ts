/*
 * One server, two tenants. Each has an address and an audience of its own, and decides who may vouch for the agents
 * that come to it: an agent of Acme's issuer gets in at /acme/mcp and nowhere else.
 *
 *   PORT=4101 TRUST_DOMAIN=acme.example node apps/demo-provider/dist/main.js      Acme's provider
 *   PORT=4102 TRUST_DOMAIN=globex.example node apps/demo-provider/dist/main.js    Globex's provider
 *   node apps/examples/dist/multi-tenant-server.js                                the server; it prints its addresses
 *   PROVIDER=http://127.0.0.1:4101 \
 *     node apps/examples/dist/http-agent.js http://127.0.0.1:4300/acme/mcp https://documents.example/acme list_documents
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  type AttestationObserver,
  AttestationVerifier,
  InMemoryReplayCache,
  type TokenEvent,
} from "@attest/core";
import { HTTPKeyResolver } from "@attest/jwks";
import { type AttestingServer, createAttestingServer, type GateEvent } from "@attest/mcp-server";
import { HttpSessions, toNodeHandler } from "@attest/mcp-server/http";

const tenants = {
  acme: {
    trustedIssuers: [
      { issuer: process.env["ACME_ISSUER"] || "http://127.0.0.1:4101", trustDomains: ["acme.example"] },
    ],
    documents: ["Acme's plans for anvils"],
  },
  globex: {
    trustedIssuers: [
      { issuer: process.env["GLOBEX_ISSUER"] || "http://127.0.0.1:4102", trustDomains: ["globex.example"] },
    ],
    documents: ["Globex's plans for the Eastern Seaboard"],
  },
};

// Keys come from their issuer, and a token's id counts with its issuer's name: these two can be shared.
const keyResolver = new HTTPKeyResolver({ allowInsecure: "loopback" });
const replayCache = new InMemoryReplayCache();

/** The server that one session of a tenant's agent gets. It knows that tenant's documents, and no others. */
function createTenantServer(
  verifier: AttestationVerifier,
  documents: readonly string[],
  observer: AttestationObserver<GateEvent>,
): AttestingServer {
  // Every tool is for agents that are attested, at every call: a session outlives its token.
  const rules = { tools: { "*": {} } };
  const options = { version: "1.0.0", rules, observer, recordCalls: true };
  const server = createAttestingServer("documents", verifier, options);
  server.registerTool("list_documents", { description: "What documents there are" }, async () => ({
    content: [{ type: "text", text: `for ${server.attestation?.subject}: ${documents.join(", ")}` }],
  }));
  return server;
}

/** The sessions of each tenant by its path. Apart from each other, so that no session's id works at another tenant's. */
const sessionsByPath = new Map<string, HttpSessions>();
for (const [name, { trustedIssuers, documents }] of Object.entries(tenants)) {
  // The verifier tells who was let in or refused, the gate who called what.
  const observer = {
    record: (event: TokenEvent | GateEvent) => {
      if (event.type === "verified") console.log(`${name}: let in ${event.subject}`);
      if (event.type === "rejected") console.log(`${name}: refused, ${event.code}: ${event.detail}`);
      if (event.type === "called")
        console.log(`${name}: ${event.subject} called ${event.target}: ${event.outcome}`);
    },
  };
  const verifier = new AttestationVerifier({
    trustedIssuers,
    keyResolver,
    replayCache,
    audience: `https://documents.example/${name}`,
    observer,
  });
  const sessions = new HttpSessions({
    verifier,
    createServer: () => createTenantServer(verifier, documents, observer),
  });
  sessionsByPath.set(`/${name}/mcp`, sessions);
}

const handlers = new Map([...sessionsByPath].map(([path, { handle }]) => [path, toNodeHandler(handle)]));
const http = createServer((request, response) => {
  const [path = ""] = (request.url ?? "").split("?");
  const handle = handlers.get(path);
  if (handle) void handle(request, response);
  else response.writeHead(404).end("no such tenant\n");
});
http.on("error", (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
http.listen(Number(process.env["PORT"] || 4300), "127.0.0.1", () => {
  const { port } = http.address() as AddressInfo;
  for (const path of handlers.keys()) console.log(`listening on http://127.0.0.1:${port}${path}`);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, async () => {
    http.close();
    for (const sessions of sessionsByPath.values()) await sessions.close();
    http.closeAllConnections();
  });
}
