import { createHook } from "node:async_hooks";
import { AttestingClientSession } from "@attest/mcp-client";
import { attestServer } from "@attest/mcp-server";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { Issuer } from "./support/agents.ts";
import { startHttpHost } from "./support/http-host.ts";
import { initializeParams, openRaw } from "./support/raw-connection.ts";

function bareServer(): McpServer {
  const server = new McpServer({ name: "weather", version: "1.0.0" });
  server.registerTool("sky", { inputSchema: { city: z.string() } }, async ({ city }) => ({
    content: [{ type: "text", text: `${city}: blue` }],
  }));
  return server;
}

const call = { name: "sky", arguments: { city: "Oslo" } };
const clientInfo = { name: "agent", version: "1.0.0" };

/** A connection without attestation, and one with it: both ends, and what goes over the wire between them. */
const sides = ["without", "with"] as const;

function clientOf(side: (typeof sides)[number], issuer: Issuer): Client {
  const client =
    side === "with"
      ? new AttestingClientSession(clientInfo, { getToken: () => issuer.token() })
      : new Client(clientInfo);
  onTestFinished(() => client.close());
  return client;
}

describe("a call of what nothing guards, after the handshake,", () => {
  test("is the same on the wire, byte for byte, with attestation and without, in memory", async () => {
    const wire = { without: [] as string[], with: [] as string[] };
    for (const side of sides) {
      const issuer = new Issuer();
      const server =
        side === "with" ? attestServer(bareServer(), { verifier: issuer.verifier() }) : bareServer();
      const [clientEnd, serverEnd] = InMemoryTransport.createLinkedPair();
      for (const end of [clientEnd, serverEnd]) tapSent(end, (message) => wire[side].push(message));
      await server.connect(serverEnd);
      const client = clientOf(side, issuer);
      await client.connect(clientEnd);
      wire[side].length = 0;
      await client.callTool(call);
    }
    expect(wire.with).toEqual(wire.without);
    expect(wire.with).toHaveLength(2);
  });

  test("is the same on the wire, headers included, over Streamable HTTP", async () => {
    const wire = { without: [] as string[], with: [] as string[] };
    for (const side of sides) {
      const issuer = new Issuer();
      const verifier = issuer.verifier();
      const host = await startHttpHost(() =>
        side === "with" ? attestServer(bareServer(), { verifier }) : bareServer(),
      );
      onTestFinished(() => host.close());
      const transport = new StreamableHTTPClientTransport(host.url, { fetch: tappedFetch(wire[side]) });
      const client = clientOf(side, issuer);
      await client.connect(transport as Transport);
      const sessionId = transport.sessionId ?? "";
      expect(sessionId).not.toBe("");
      wire[side].length = 0;
      await client.callTool(call);
      wire[side] = wire[side].map((text) => text.replaceAll(sessionId, "<session>"));
    }
    expect(wire.with).toEqual(wire.without);
    expect(wire.with[1]).toContain("Oslo: blue");
  });

  test("reaches the server in the same step as it arrives, without a promise of the gate's", async () => {
    const promises = { without: 0, with: 0 };
    for (const side of sides) {
      const { deliver } = await connected(side);
      promises[side] = await fewestPromises(() => deliver());
    }
    expect(promises.with).toBe(promises.without);
    expect(promises.without).toBeGreaterThan(0);
  });

  test("is answered without a promise of the gate's on the way", async () => {
    const promises = { without: 0, with: 0 };
    for (const side of sides) {
      const { deliver, answers } = await connected(side);
      promises[side] = await fewestPromises(async () => {
        deliver();
        // All that a tool needs which waits for nothing happens before the event loop goes on.
        await new Promise((resolve) => setImmediate(resolve));
      });
      expect(answers()).toBeGreaterThanOrEqual(TRIES);
    }
    expect(promises.with).toBe(promises.without);
  });
});

/** The server's end of a connection that is initialized, without a client that makes promises of its own. */
async function connected(side: (typeof sides)[number]) {
  const issuer = new Issuer();
  const server = side === "with" ? attestServer(bareServer(), { verifier: issuer.verifier() }) : bareServer();
  const [clientEnd, serverEnd] = InMemoryTransport.createLinkedPair();
  await server.connect(serverEnd);
  const raw = await openRaw(clientEnd);
  await raw.request("initialize", initializeParams(side === "with" ? await issuer.token() : undefined));
  await raw.notify("notifications/initialized");
  let id = 100;
  return {
    deliver: () => {
      id += 1;
      serverEnd.onmessage?.({ jsonrpc: "2.0", id, method: "tools/call", params: call });
    },
    answers: () => raw.received.filter((message) => "result" in message && Number(message.id) > 100).length,
  };
}

const TRIES = 20;

/** How many promises `step` makes: of several tries the fewest, for others in this process make some, too. */
async function fewestPromises(step: () => void | Promise<void>): Promise<number> {
  let fewest = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < TRIES; tries++) {
    let count = 0;
    const hook = createHook({
      init: (_id, type) => {
        if (type === "PROMISE") count += 1;
      },
    }).enable();
    const stepped = step();
    if (stepped !== undefined) await stepped;
    hook.disable();
    fewest = Math.min(fewest, count);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return fewest;
}

function tapSent(transport: Transport, tell: (message: string) => void): void {
  const send = transport.send.bind(transport);
  transport.send = (message, options) => {
    tell(JSON.stringify(message));
    return send(message, options);
  };
}

/** `fetch` that writes down every POST and its answer, but for the date. */
function tappedFetch(wire: string[]): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    if (init?.method !== "POST") return response;
    const headers = [...response.headers].filter(([name]) => name !== "date");
    wire.push(JSON.stringify([[...new Headers(init.headers)], init.body]));
    wire.push(JSON.stringify([response.status, headers, await response.clone().text()]));
    return response;
  };
}
