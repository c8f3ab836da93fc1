import { AgentIdentity, type Verifier } from "@attest/core";
import { createAttestingServer, currentAttestation } from "@attest/mcp-server";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, test } from "vitest";
import { Issuer } from "../support/agents.ts";
import { initializeParams, openRaw } from "../support/raw-connection.ts";
import { asyncRoutes } from "./support/async-routes.ts";
import { listen, post } from "./support/http-endpoint.ts";
import { stdioPair } from "./support/stdio-in-process.ts";

const SESSIONS = 100;
const CALLS = 50;

/** Sends one request, and resolves to its answer. */
type Send = (method: string, params: Record<string, unknown>) => Promise<JSONRPCMessage | undefined>;

/** Serves what `createServer` makes. Returns a function that opens another connection each time. */
type Reach = (createServer: () => McpServer, verifier: Verifier) => Promise<() => Promise<Send>>;

const connected =
  (pair: () => readonly [client: Transport, serverSide: Transport]): Reach =>
  async (createServer) =>
  async () => {
    const [client, serverSide] = pair();
    await createServer().connect(serverSide);
    return (await openRaw(client)).request;
  };

const http: Reach = async (createServer, verifier) => {
  const { url } = await listen({ verifier, createServer });
  return async () => {
    let sessionId: string | undefined;
    let id = 0;
    return async (method, params) => {
      id += 1;
      const answer = await post(url, { jsonrpc: "2.0", id, method, params }, { sessionId });
      sessionId ??= answer.sessionId;
      return answer.messages[0];
    };
  };
};

/** Creates a server whose tool goes one of several asynchronous ways, and says who called at every step of it. */
function createNosyServer(verifier: ReturnType<Issuer["verifier"]>): McpServer {
  const server = createAttestingServer("nosy", verifier);
  server.registerTool("who-am-i", {}, async () => {
    const seen = new Set<string>();
    const look = () => void seen.add(currentAttestation()?.subject ?? "nobody");
    look();
    await asyncRoutes[Math.floor(Math.random() * asyncRoutes.length)]?.(look);
    look();
    return { content: [{ type: "text", text: [...seen].join(" and ") }] };
  });
  return server;
}

/** `CALLS` calls, `lanes` of them at a time, some of which renew the session's token. */
async function callSteadily(send: Send, lanes: number, token: () => Promise<string> | undefined) {
  const answers: unknown[] = [];
  let left = CALLS;
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      const renewed = left % 10 === 0 ? await token() : undefined;
      const _meta = renewed && { "security.attestation": { version: "0.1.0", token: renewed } };
      const answer = await send("tools/call", { name: "who-am-i", ...(_meta ? { _meta } : {}) });
      answers.push(answer && "result" in answer ? answer.result["content"] : answer);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return answers;
}

describe.each([
  ["Streamable HTTP", http, 2],
  ["stdio", connected(stdioPair), CALLS],
  ["in-memory", connected(InMemoryTransport.createLinkedPair), CALLS],
] as const)("Session over %s", (_, reach, lanes) => {
  test("contexts under 100 concurrent sessions never mix, at 50 calls each", {
    timeout: 120_000,
  }, async () => {
    const issuer = new Issuer();
    // One session in ten has no agent: nobody else's context may come to it.
    const verifier = issuer.verifier({ policy: "optional" });
    const open = await reach(() => createNosyServer(verifier), verifier);
    const answers = await Promise.all(
      Array.from({ length: SESSIONS }, async (_, index) => {
        const isAttested = index % 10 !== 0;
        const [family, version] = ["claude-4", `claude-${index}`];
        const identity = new AgentIdentity({
          modelFamily: family,
          modelVersion: version,
          provider: "anthropic",
        });
        const token = () => (isAttested ? issuer.token({ identity }) : undefined);
        const send = await open();
        await send("initialize", initializeParams(await token()));
        const texts = await callSteadily(send, lanes, token);
        return { expected: isAttested ? identity.toSpiffeId() : "nobody", texts };
      }),
    );
    for (const { expected, texts } of answers) {
      expect(texts).toEqual(Array.from({ length: CALLS }, () => [{ type: "text", text: expected }]));
    }
  });
});
