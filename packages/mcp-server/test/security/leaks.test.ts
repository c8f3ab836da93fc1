import { createAttestingServer } from "@attest/mcp-server";
import { HttpSessions } from "@attest/mcp-server/http";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, test, vi } from "vitest";
import { Issuer } from "../support/agents.ts";
import { initializeParams } from "../support/raw-connection.ts";
import { heapGrowthPerCycle } from "./support/heap-growth.ts";
import { listen, post } from "./support/http-endpoint.ts";

/** Less than any of the objects that make up a session, and several times the noise. */
const MOST_BYTES_PER_CYCLE = 200;

const TIMEOUT = { timeout: 120_000 };
const PATIENCE = { timeout: 20_000 };

const initialize = (token?: string) =>
  ({ jsonrpc: "2.0", id: 1, method: "initialize", params: initializeParams(token) }) as const;
const call = { jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "any" } } as const;

/** How many handles and requests keep the event loop alive. */
const handles = () => process.getActiveResourcesInfo().length;

/** Waits until there are no more handles than `before`, but for the odd timer or socket on its way out. */
async function expectHandles(before: number): Promise<void> {
  await vi.waitFor(() => expect(handles()).toBeLessThanOrEqual(before + 5), PATIENCE);
}

/** A server whose agents are refused: by turns for presenting nothing, junk, a forgery and a used token. */
async function refusing() {
  const issuer = new Issuer();
  const verifier = issuer.verifier();
  const used = await issuer.token();
  await verifier.verify(used);
  const presented = [undefined, "not.a.token", await new Issuer().token(), used];
  let turn = 0;
  const next = () => initialize(presented[turn++ % presented.length]);
  const createServer = () => {
    const server = createAttestingServer("refusing", verifier);
    server.registerTool(
      "any",
      {},
      server.requireAttestation({}, async () => ({ content: [] })),
    );
    return server;
  };
  return { next, verifier, createServer };
}

/** Requests to `sessions` that take no socket, with the text of the answer. */
function without(sessions: HttpSessions) {
  return async (method: string, body: unknown, sessionId?: string) => {
    const headers = {
      host: "localhost",
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...(sessionId === undefined ? {} : { "mcp-session-id": sessionId }),
    };
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const response = await sessions.handle(new Request("http://localhost/mcp", init));
    return { text: await response.text(), sessionId: response.headers.get("mcp-session-id") ?? undefined };
  };
}

describe("sessions that are refused leave nothing behind", () => {
  test("10,000 times in memory: no heap and no handle", TIMEOUT, async () => {
    const { next, createServer } = await refusing();
    const before = handles();
    const growth = await heapGrowthPerCycle(10_000, async () => {
      const [client, serverSide] = InMemoryTransport.createLinkedPair();
      const answers: JSONRPCMessage[] = [];
      const closed = new Promise<void>((resolve) => {
        client.onclose = resolve;
      });
      client.onmessage = (message) => void answers.push(message);
      await createServer().connect(serverSide);
      await client.send(next());
      // One that waits has to go with it.
      await client.send(call);
      await closed;
      if (answers.length !== 2 || !answers.every((answer) => "error" in answer))
        throw new Error("not refused");
    });
    expect(growth).toBeLessThan(MOST_BYTES_PER_CYCLE);
    await expectHandles(before);
  });

  test("3,000 times in HttpSessions: no heap, no handle and no session", TIMEOUT, async () => {
    const { next, verifier, createServer } = await refusing();
    const sessions = new HttpSessions({ verifier, createServer });
    const send = without(sessions);
    const before = handles();
    const growth = await heapGrowthPerCycle(3_000, async () => {
      const { text } = await send("POST", next());
      if (!text.includes('"error"')) throw new Error("not refused");
    });
    expect(growth).toBeLessThan(MOST_BYTES_PER_CYCLE);
    await vi.waitFor(() => expect(sessions.size).toBe(0), PATIENCE);
    await expectHandles(before);
  });

  test("400 times over real HTTP: no handle and no session", TIMEOUT, async () => {
    const { next, verifier, createServer } = await refusing();
    const { url, sessions } = await listen({ verifier, createServer });
    const cycles = async (times: number) => {
      for (let run = 0; run < times; run++) {
        const { messages, sessionId } = await post(url, next());
        expect(messages).toMatchObject([{ error: {} }]);
        expect(sessionId).toBeUndefined();
      }
    };
    await cycles(100);
    const before = handles();
    await cycles(300);
    expect(sessions.size).toBe(0);
    await expectHandles(before);
  });
});

describe("sessions that end leave nothing behind", () => {
  test("3,000 times in HttpSessions: no heap, no handle and no session", TIMEOUT, async () => {
    const issuer = new Issuer();
    // Which remembers every token for as long as it lives, and should.
    const verifier = issuer.verifier({ replayCache: null });
    const createServer = () => {
      const server = createAttestingServer("ending", verifier);
      server.registerTool(
        "any",
        {},
        server.requireAttestation({}, async () => ({ content: [] })),
      );
      return server;
    };
    const sessions = new HttpSessions({ verifier, createServer });
    const send = without(sessions);
    const before = handles();
    const growth = await heapGrowthPerCycle(3_000, async () => {
      const { sessionId } = await send("POST", initialize(await issuer.token()));
      const { text } = await send("POST", call, sessionId);
      if (!text.includes('"content"')) throw new Error("not served");
      await send("DELETE", undefined, sessionId);
    });
    expect(growth).toBeLessThan(MOST_BYTES_PER_CYCLE);
    expect(sessions.size).toBe(0);
    await expectHandles(before);
  });
});
