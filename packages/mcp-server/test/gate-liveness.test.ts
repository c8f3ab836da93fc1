import { AttestationErrorCode, type Clock, defineCheck, systemClock } from "@attest/core";
import { FixedClock } from "@attest/core/testing";
import { attestServer, createAttestingServer, currentAttestation } from "@attest/mcp-server";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { InitializeRequestSchema, type JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, test, vi } from "vitest";
import { enterprise, Issuer } from "./support/agents.ts";
import { initializeParams, openRaw } from "./support/raw-connection.ts";
import { createWeatherServer } from "./support/weather-server.ts";

const codeOf = (message: JSONRPCMessage) => ("error" in message ? message.error.code : undefined);

async function connect(server: { connect(transport: Transport): Promise<void> }) {
  const [client, serverSide] = InMemoryTransport.createLinkedPair();
  await server.connect(serverSide);
  return { client, ...(await openRaw(client)) };
}

describe("AttestationGate before a session is ready", () => {
  test("lets nothing of the server be heard: no log message, no list change, no question to the model", async () => {
    const server = createAttestingServer("test", new Issuer().verifier(), {
      serverOptions: { capabilities: { logging: {} } },
    });
    server.registerTool("a", {}, async () => ({ content: [] }));
    const { received, request } = await connect(server);
    await server.sendLoggingMessage({ level: "info", data: "secret" });
    server.sendToolListChanged();
    const asking = server.server
      .createMessage({ messages: [], maxTokens: 1 })
      .catch((error: unknown) => String(error));
    await request("ping");
    expect(received).toHaveLength(1);
    expect(await asking).toMatch(/not verified|does not support/);
  });

  test("lets the server be heard once the agent is verified", async () => {
    const issuer = new Issuer();
    const server = createAttestingServer("test", issuer.verifier(), {
      serverOptions: { capabilities: { logging: {} } },
    });
    const { received, request } = await connect(server);
    await request("initialize", initializeParams(await issuer.token()));
    await server.sendLoggingMessage({ level: "info", data: "hello" });
    expect(received.at(-1)).toMatchObject({ method: "notifications/message", params: { data: "hello" } });
  });

  test("answers ping itself, whatever it carries, so that none of the server's code runs", async () => {
    const server = createWeatherServer(new Issuer().verifier());
    const { request, client } = await connect(server);
    const seen = vi.fn();
    const inner = server.server.transport;
    if (!inner) throw new Error("not connected");
    inner.onmessage = seen;
    const params = { _meta: { "io.modelcontextprotocol/related-task": { taskId: "victim" } } };
    await expect(request("ping", params)).resolves.toEqual({ jsonrpc: "2.0", id: 1, result: {} });
    expect(seen).not.toHaveBeenCalled();
    await client.close();
  });

  test("does not take the answer to a ping for the answer to initialize, though they share an id", async () => {
    const issuer = new Issuer();
    const { promise, resolve } = Promise.withResolvers<void>();
    const server = createAttestingServer("test", issuer.verifier());
    const run = vi.fn(async () => ({ content: [] }));
    server.registerTool("run", {}, run);
    server.server.setRequestHandler(InitializeRequestSchema, async ({ params }) => {
      await promise;
      return {
        protocolVersion: params.protocolVersion,
        capabilities: {},
        serverInfo: { name: "slow", version: "1" },
      };
    });
    const { client, received } = await connect(server);
    const params = initializeParams(await issuer.token());
    await client.send({ jsonrpc: "2.0", id: 1, method: "initialize", params });
    await vi.waitFor(async () => {
      await client.send({ jsonrpc: "2.0", id: 1, method: "ping" });
      await client.send({ jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "run" } });
    });
    await new Promise((settle) => setTimeout(settle, 20));
    expect(received).toEqual([]);
    expect(run).not.toHaveBeenCalled();
    resolve();
    await vi.waitFor(() => expect(run).toHaveBeenCalled());
    expect(received[0]).toHaveProperty("result.serverInfo.name", "slow");
  });

  test("keeps at most maxQueuedBytes waiting and refuses the rest", async () => {
    const issuer = new Issuer();
    const { promise, resolve } = Promise.withResolvers<void>();
    const verifier = issuer.verifier({ checks: [defineCheck("wait", () => promise)] });
    const { request } = await connect(createWeatherServer(verifier, { maxQueuedBytes: 1000 }));
    const initialize = request("initialize", initializeParams(await issuer.token()));
    const small = request("tools/list", { padding: "x".repeat(500) });
    expect(codeOf(await request("tools/list", { padding: "x".repeat(500) }))).toBe(
      AttestationErrorCode.ATTESTATION_REQUIRED,
    );
    resolve();
    await initialize;
    await expect(small).resolves.toHaveProperty("result.tools");
  });
});

describe("the context of a session", () => {
  async function sessionThatWaits(
    options: Parameters<typeof createAttestingServer>[2] = {},
    clock: Clock = systemClock,
  ) {
    const issuer = new Issuer();
    const server = createAttestingServer("test", issuer.verifier({ clock }), options);
    const { promise, resolve } = Promise.withResolvers<void>();
    const seen: unknown[] = [];
    const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
    server.registerTool("wait", {}, async () => {
      seen.push(currentAttestation()?.verified);
      await promise;
      seen.push(currentAttestation()?.verified);
      const guarded = server.requireAttestation({}, async () => "guarded");
      seen.push(await guarded().catch(({ code }: { code: unknown }) => code));
      finish();
      return { content: [] };
    });
    const connection = await connect(server);
    await connection.request("initialize", initializeParams(await issuer.token({ lifetimeSeconds: 300 })));
    void connection.request("tools/call", { name: "wait" });
    await vi.waitFor(() => expect(seen).toEqual([true]));
    return { ...connection, seen, goOn: resolve, finished };
  }

  test.each(["token", "connection"] as const)(
    "ends with the session, for code that still runs (%s)",
    async (sessionLifetime) => {
      const { client, seen, goOn, finished } = await sessionThatWaits({ sessionLifetime });
      await client.close();
      goOn();
      await finished;
      expect(seen).toEqual([true, false, AttestationErrorCode.TOKEN_EXPIRED]);
    },
  );

  test("ends with the token, for guards and for who asks", async () => {
    const clock = new FixedClock(Date.now() / 1000);
    const { seen, goOn, finished } = await sessionThatWaits({}, clock);
    clock.advance(331);
    goOn();
    await finished;
    expect(seen).toEqual([true, false, AttestationErrorCode.TOKEN_EXPIRED]);
  });

  test.each([
    ["gives no time", () => Number.NaN],
    [
      "throws",
      () => {
        throw new Error("SECRET");
      },
    ],
  ])("counts as ended when the clock %s", async (_, now) => {
    const issuer = new Issuer();
    // The clock fails once the handshake is over.
    const clock = new FixedClock(Date.now() / 1000);
    const { request } = await connect(createWeatherServer(issuer.verifier({ clock })));
    await request("initialize", initializeParams(await issuer.token()));
    clock.now = now;
    const answer = await request("tools/call", { name: "steer-clouds" });
    expect(codeOf(answer)).toBe(AttestationErrorCode.TOKEN_EXPIRED);
    expect(JSON.stringify(answer)).not.toContain("SECRET");
  });

  test("cannot be changed by a handler", async () => {
    const issuer = new Issuer();
    const server = createAttestingServer("test", issuer.verifier());
    server.registerTool("meddle", {}, async () => {
      const identity = currentAttestation()?.claims?.raw["agent_identity"] as { model_version: string };
      identity.model_version = "another";
      return { content: [] };
    });
    const { request } = await connect(server);
    await request("initialize", initializeParams(await issuer.token()));
    await expect(request("tools/call", { name: "meddle" })).resolves.toMatchObject({
      result: { isError: true },
    });
  });
});

describe("DenialLog", () => {
  test("lets the code of every one of 600 concurrent denials through", async () => {
    const issuer = new Issuer();
    const { request } = await connect(createWeatherServer(issuer.verifier()));
    await request("initialize", initializeParams(await issuer.token({ metadata: enterprise })));
    const answers = await Promise.all(
      Array.from({ length: 600 }, () => request("tools/call", { name: "steer-clouds" })),
    );
    expect(new Set(answers.map(codeOf))).toEqual(new Set([AttestationErrorCode.INSUFFICIENT_TRUST]));
  });
});

describe("attestServer", () => {
  test("throws a TypeError for a server that is connected already, since that connection has no gate", async () => {
    const server = new McpServer({ name: "early", version: "1" });
    await server.connect(InMemoryTransport.createLinkedPair()[0]);
    expect(() => attestServer(server, { verifier: new Issuer().verifier() })).toThrow(/connected already/);
  });
});
