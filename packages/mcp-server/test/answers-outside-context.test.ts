import { AsyncResource } from "node:async_hooks";
import { attestServer, type ConnectableServer, type GateOptions } from "@attest/mcp-server";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, test } from "vitest";
import { enterprise, Issuer } from "./support/agents.ts";
import { connectRaw, initializeParams } from "./support/raw-connection.ts";

/** Stands for a child process or a worker: what it answers comes in no request's asynchronous context. */
const elsewhere = new AsyncResource("elsewhere");

const RESULTS: Readonly<Record<string, Record<string, unknown>>> = {
  initialize: {
    protocolVersion: "2025-11-25",
    capabilities: {},
    serverInfo: { name: "child", version: "1" },
  },
  "tools/list": { tools: [{ name: "open" }, { name: "admin" }] },
};

/** A server behind its own process, which no SDK knows of: it has a `connect`, and answers when it likes. */
function relayedServer() {
  const requests: JSONRPCMessage[] = [];
  let connected: Transport | undefined;
  const server: ConnectableServer = {
    connect: async (transport) => {
      connected = transport as Transport;
      connected.onmessage = (message) => requests.push(message);
      await connected.start();
    },
  };
  const answer = (message: JSONRPCMessage) => elsewhere.runInAsyncScope(() => connected?.send(message));
  const answerNext = async () => {
    const request = requests.shift();
    if (request === undefined || !("id" in request) || !("method" in request))
      throw new Error("no request came");
    await answer({ jsonrpc: "2.0", id: request.id ?? 0, result: RESULTS[request.method] ?? {} });
  };
  return { server, requests, answer, answerNext };
}

async function connect(options: Omit<GateOptions, "verifier"> = {}) {
  const issuer = new Issuer();
  const relayed = relayedServer();
  attestServer(relayed.server, { verifier: issuer.verifier(), ...options });
  const connection = await connectRaw(relayed.server as { connect(transport: Transport): Promise<void> });
  const initialized = connection.request(
    "initialize",
    initializeParams(await issuer.token({ metadata: enterprise })),
  );
  await expect.poll(() => relayed.requests.length).toBe(1);
  await relayed.answerNext();
  await initialized;
  return { ...relayed, ...connection };
}

describe("a server that answers outside the context of the request", () => {
  test("lists nothing that the caller may not use, under hideDenied", async () => {
    const { request, answerNext } = await connect({
      hideDenied: true,
      rules: { tools: { admin: { trustLevel: "provider" } } },
    });
    const listed = request("tools/list");
    await answerNext();
    expect(await listed).toMatchObject({ result: { tools: [{ name: "open" }] } });
  });

  test("sends no list that nobody asked for, under hideDenied", async () => {
    const { answer, received } = await connect({ hideDenied: true });
    await answer({ jsonrpc: "2.0", id: 99, result: { tools: [{ name: "admin" }] } });
    expect(received.filter((message) => "id" in message && message.id === 99)).toEqual([]);
  });

  test("lists by the rules for a request that was cancelled, when it answers all the same", async () => {
    const { request, notify, answerNext, requests, received } = await connect({
      hideDenied: true,
      rules: { tools: { admin: { trustLevel: "provider" } } },
    });
    void request("tools/list");
    await notify("notifications/cancelled", { requestId: 2 });
    requests.pop();
    await answerNext();
    await expect
      .poll(() => received.find((message) => "id" in message && message.id === 2))
      .toMatchObject({ result: { tools: [{ name: "open" }] } });
  });
});
