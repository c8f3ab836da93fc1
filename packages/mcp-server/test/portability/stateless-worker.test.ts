import { fileURLToPath } from "node:url";
import { AttestingClientSession } from "@attest/mcp-client";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { build } from "esbuild";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { needsWorkerd, serveWorker } from "../../../core/test/support/workerd.js";
import { HEADERS } from "../http/support/sessions.ts";
import { AUDIENCE, ISSUER, Issuer, sonnet } from "../support/agents.ts";

/** A Worker that serves MCP without sessions: one `fetch` handler, and the same gate as on Node. */
const programOf = (issuer: Issuer) => `
  import { AttestationVerifier, Ed25519PublicKey, InMemoryKeyResolver } from "@attest/core";
  import { currentAttestation } from "@attest/mcp-server";
  import { StatelessHttp } from "@attest/mcp-server/http";
  import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";

  const keyResolver = new InMemoryKeyResolver();
  const jwk = ${JSON.stringify(issuer.keyPair.publicKey.toJwk())};
  keyResolver.addKey(${JSON.stringify(ISSUER)}, ${JSON.stringify(issuer.keyPair.kid)}, Ed25519PublicKey.fromJwk(jwk));
  const verifier = new AttestationVerifier({
    trustedIssuers: [{ issuer: ${JSON.stringify(ISSUER)}, trustDomains: ["anthropic.com"] }],
    keyResolver,
    audience: ${JSON.stringify(AUDIENCE)},
    requireProof: "always",
  });
  function createServer() {
    const server = new McpServer({ name: "at-the-edge", version: "1.0.0" });
    server.registerTool("who-am-i", {}, async () => {
      // Another request may be served while this one waits.
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
      return { content: [{ type: "text", text: currentAttestation()?.subject ?? "nobody" }] };
    });
    return server;
  }
  const http = new StatelessHttp({ verifier, createServer });
  export default { fetch: (request) => http.handle(request) };
`;

async function startWorker(issuer: Issuer): Promise<URL> {
  const { outputFiles } = await build({
    stdin: {
      contents: programOf(issuer),
      resolveDir: fileURLToPath(new URL(".", import.meta.url)),
      loader: "ts",
    },
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    conditions: ["workerd", "worker"],
    target: "es2023",
    external: ["node:*"],
    logLevel: "silent",
  });
  const origin = await serveWorker(outputFiles[0]?.text ?? "", ["nodejs_compat"]);
  return new URL("/mcp", origin);
}

describe("StatelessHttp on workerd", { ...needsWorkerd(), timeout: 60_000 }, () => {
  test("serves agents that prove their key, each as who it is, and refuses the rest", async () => {
    const issuer = new Issuer();
    const url = await startWorker(issuer);
    const subjects = [
      sonnet.toSpiffeId(),
      "spiffe://anthropic.com/agent/2",
      "spiffe://anthropic.com/agent/3",
    ];
    await Promise.all(
      subjects.map(async (subject) => {
        const getToken = vi.fn(({ confirmationKey }) => issuer.token({ confirmationKey, subject }));
        const agent = new AttestingClientSession(
          { name: "agent", version: "1" },
          { getToken, targetAudience: AUDIENCE, proofOfPossession: true },
        );
        onTestFinished(() => agent.close());
        await agent.connect(new StreamableHTTPClientTransport(url) as Transport);
        for (let count = 0; count < 10; count++) {
          const { content } = await agent.callTool({ name: "who-am-i" });
          expect(content).toEqual([{ type: "text", text: subject }]);
        }
        expect(getToken).toHaveBeenCalledOnce();
      }),
    );
    const body = JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "who-am-i" },
    });
    const stranger = await fetch(url, { method: "POST", headers: HEADERS, body });
    expect(await stranger.json()).toMatchObject({ error: { code: 1009, data: { proof: "each-request" } } });
  });
});
