import {
  AttestationError,
  AttestationErrorCode,
  ATTESTATION_CAPABILITY_KEY as CAPABILITY,
  defineCheck,
} from "@attest/core";
import { attestServer, requireAttestation } from "@attest/mcp-server";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, test, vi } from "vitest";
import { Issuer } from "./support/agents.ts";
import { connectRaw, initializeParams } from "./support/raw-connection.ts";

/** Returns a gate that holds what passes until the test opens it. */
function gateway() {
  const waiting: (() => void)[] = [];
  return {
    pass: () => new Promise<void>((resolve) => waiting.push(resolve)),
    count: () => waiting.length,
    open: () => {
      for (const resolve of waiting.splice(0)) resolve();
    },
  };
}

/** A server whose verifications after the first, and whose rule for `ruled`, wait for the test. */
async function connect({ refuses = false } = {}) {
  const issuer = new Issuer();
  const verification = gateway();
  const rule = gateway();
  let verifications = 0;
  const wait = defineCheck("wait", async () => {
    verifications += 1;
    if (verifications === 1) return;
    await verification.pass();
    if (refuses) throw new AttestationError(AttestationErrorCode.UNKNOWN_ISSUER);
  });
  const ran = vi.fn();
  const server = new McpServer({ name: "test", version: "1" });
  for (const name of ["plain", "ruled"]) {
    server.registerTool(name, {}, async ({ requestId }) => {
      ran(requestId);
      return { content: [] };
    });
  }
  const check = async () => {
    await rule.pass();
    return !refuses;
  };
  attestServer(server, {
    verifier: issuer.verifier({ checks: [wait] }),
    rules: { tools: { ruled: { check } } },
  });
  const [client, serverSide] = InMemoryTransport.createLinkedPair();
  await server.connect(serverSide);
  const received: JSONRPCMessage[] = [];
  client.onmessage = (message) => received.push(message);
  await client.start();
  const send = (message: object) => client.send({ jsonrpc: "2.0", ...message } as JSONRPCMessage);
  await send({ id: "init", method: "initialize", params: initializeParams(await issuer.token()) });
  await vi.waitFor(() => expect(received).toHaveLength(1));
  const call = (id: number | string, name: string, params = {}) =>
    send({ id, method: "tools/call", params: { name, ...params } });
  const renewing = async (id: number | string, name = "plain") => {
    const token = await issuer.token();
    await call(id, name, { _meta: { [CAPABILITY]: { version: "0.1.0", token } } });
  };
  const cancel = (requestId: number | string) =>
    send({ method: "notifications/cancelled", params: { requestId } });
  const answersTo = (id: number | string) =>
    received.filter((message) => "id" in message && message.id === id);
  /** Waits until everything sent before is dealt with. */
  const settle = async () => {
    await call("last", "plain");
    await vi.waitFor(() => expect(answersTo("last")).toHaveLength(1));
  };
  return { call, send, renewing, cancel, answersTo, settle, verification, rule, ran };
}

describe.each([
  ["accepted", false],
  ["refused", true],
])("a cancelled request that would be %s", (_, refuses) => {
  test("neither runs nor is answered when it waited for a renewal", async () => {
    const { renewing, cancel, answersTo, settle, verification, ran } = await connect({ refuses });
    await renewing(7);
    await vi.waitFor(() => expect(verification.count()).toBe(1));
    await cancel(7);
    verification.open();
    await settle();
    expect(ran).not.toHaveBeenCalledWith(7);
    expect(answersTo(7)).toEqual([]);
  });

  test("neither runs nor is answered when it waited for a rule", async () => {
    const { call, cancel, answersTo, settle, rule, ran } = await connect({ refuses });
    await call(7, "ruled");
    await vi.waitFor(() => expect(rule.count()).toBe(1));
    await cancel(7);
    rule.open();
    await settle();
    expect(ran).not.toHaveBeenCalledWith(7);
    expect(answersTo(7)).toEqual([]);
  });
});

describe("a cancellation", () => {
  test("of a request that waited for a renewal leaves the session with the renewed agent", async () => {
    const { renewing, cancel, settle, verification, ran } = await connect();
    await renewing(7);
    await vi.waitFor(() => expect(verification.count()).toBe(1));
    await cancel(7);
    verification.open();
    await settle();
    expect(ran).toHaveBeenCalledExactlyOnceWith("last");
  });

  test("finds a request that waits for a renewal first and then for a rule", async () => {
    const { renewing, cancel, answersTo, settle, verification, rule, ran } = await connect();
    await renewing(7, "ruled");
    await vi.waitFor(() => expect(verification.count()).toBe(1));
    verification.open();
    await vi.waitFor(() => expect(rule.count()).toBe(1));
    await cancel(7);
    rule.open();
    await settle();
    expect(ran).not.toHaveBeenCalledWith(7);
    expect(answersTo(7)).toEqual([]);
  });

  test("frees the id of a request that waited; until then another request with it is refused", async () => {
    const { call, cancel, answersTo, settle, rule, ran } = await connect();
    await call(7, "ruled");
    await vi.waitFor(() => expect(rule.count()).toBe(1));
    await call(7, "plain");
    await vi.waitFor(() => expect(answersTo(7)).toMatchObject([{ error: { code: -32600 } }]));
    await cancel(7);
    // The next of the same id is with the server at once, which is who hears of its cancellation.
    await call(7, "plain");
    await cancel(7);
    rule.open();
    await settle();
    expect(ran.mock.calls.filter(([id]) => id === 7)).toHaveLength(1);
    expect(answersTo(7).length).toBeLessThanOrEqual(2);
  });

  test("is a notification: a request of that name cancels nothing, and is answered", async () => {
    const { call, send, answersTo, rule, ran } = await connect();
    await call(7, "ruled");
    await vi.waitFor(() => expect(rule.count()).toBe(1));
    await send({ id: 8, method: "notifications/cancelled", params: { requestId: 7 } });
    await vi.waitFor(() => expect(answersTo(8)).toHaveLength(1));
    rule.open();
    await vi.waitFor(() => expect(answersTo(7)).toHaveLength(1));
    expect(ran).toHaveBeenCalledExactlyOnceWith(7);
  });

  test("of another request leaves those that wait alone", async () => {
    const { call, cancel, answersTo, rule, ran } = await connect();
    await call(7, "ruled");
    await vi.waitFor(() => expect(rule.count()).toBe(1));
    await cancel(8);
    await cancel("7");
    rule.open();
    await vi.waitFor(() => expect(answersTo(7)).toHaveLength(1));
    expect(ran).toHaveBeenCalledExactlyOnceWith(7);
  });

  test.each([undefined, {}, { requestId: null }, { requestId: { id: 7 } }])(
    "that names no request does nothing: %j",
    async (params) => {
      const { call, send, rule, answersTo, ran } = await connect();
      await call(7, "ruled");
      await vi.waitFor(() => expect(rule.count()).toBe(1));
      await send({ method: "notifications/cancelled", ...(params === undefined ? {} : { params }) });
      rule.open();
      await vi.waitFor(() => expect(answersTo(7)).toHaveLength(1));
      expect(ran).toHaveBeenCalledExactlyOnceWith(7);
    },
  );

  test("of initialize, which MCP forbids, changes nothing: the session becomes ready, for its agent", async () => {
    const issuer = new Issuer();
    const verification = gateway();
    const wait = defineCheck("wait", () => verification.pass());
    const server = new McpServer({ name: "test", version: "1" });
    const guarded = requireAttestation({}, async () => ({ content: [] }));
    server.registerTool("guarded", {}, guarded);
    attestServer(server, { verifier: issuer.verifier({ checks: [wait] }) });
    const { request, notify } = await connectRaw(server);
    const initialized = request("initialize", initializeParams(await issuer.token()));
    await vi.waitFor(() => expect(verification.count()).toBe(1));
    await notify("notifications/cancelled", { requestId: 1, reason: "changed my mind" });
    const call = request("tools/call", { name: "guarded" });
    verification.open();
    await expect(initialized).resolves.toHaveProperty("result.serverInfo");
    await expect(call).resolves.toHaveProperty("result.content");
  });
});
