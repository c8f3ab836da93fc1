import { KeyPair } from "@attest/core";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  ElicitRequestSchema,
  LoggingMessageNotificationSchema,
  PromptListChangedNotificationSchema,
  ResourceListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
  SubscribeRequestSchema,
  ToolListChangedNotificationSchema,
  UnsubscribeRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import {
  AttestingClientSession,
  attestTransport,
  type ClientEvent,
  type TokenRequest,
} from "../../src/index.js";
import { AUDIENCE, clientInfo, Provider } from "../support/agent.ts";
import { serveHttp } from "../support/gated-http.ts";
import { GatedServer } from "../support/gated-server.ts";

const CAPABILITIES = { logging: {}, prompts: {}, resources: { subscribe: true, listChanged: true } };

type Intercept = NonNullable<Parameters<typeof serveHttp>[1]>["intercept"];

/** A host whose every session has a gated server of its own, and an agent of it. */
async function world({
  intercept,
  reconnect,
  requireVerification,
}: {
  readonly intercept?: Intercept;
  readonly reconnect?: boolean;
  readonly requireVerification?: boolean;
} = {}) {
  let provider = new Provider();
  const verifier = provider.verifier();
  const servers: GatedServer[] = [];
  const restored: string[] = [];
  const host = await serveHttp(
    (transport) => {
      const gated = new GatedServer(verifier, CAPABILITIES);
      for (const schema of [SubscribeRequestSchema, UnsubscribeRequestSchema]) {
        gated.server.setRequestHandler(schema, ({ method, params }) => {
          restored.push(`${servers.length} ${method} ${params.uri}`);
          return {};
        });
      }
      servers.push(gated);
      return gated.connect(transport);
    },
    intercept === undefined ? {} : { intercept },
  );
  const events: ClientEvent[] = [];
  const getToken = vi.fn(() => provider.token());
  const source = {
    getToken,
    observer: { record: (event: ClientEvent) => void events.push(event) },
    ...(reconnect === undefined ? {} : { reconnect }),
    ...(requireVerification === undefined ? {} : { requireVerification }),
  };
  const agent = new AttestingClientSession(clientInfo, source, { capabilities: { elicitation: {} } });
  onTestFinished(() => agent.close());
  const handshakes: { readonly params: { readonly capabilities: object }; readonly headers: Headers }[] = [];
  const transport = new StreamableHTTPClientTransport(host.url, {
    fetch: (url, init) => {
      const message = typeof init?.body === "string" ? JSON.parse(init.body) : {};
      if (message.method === "initialize") {
        handshakes.push({ params: message.params, headers: new Headers(init?.headers) });
      }
      return fetch(url, init);
    },
  });
  const errors: Error[] = [];
  agent.onerror = (error) => errors.push(error);
  await agent.connect(transport);
  return {
    host,
    servers,
    restored,
    events,
    errors,
    source,
    agent,
    transport,
    handshakes,
    getToken,
    /** From now on the agent's tokens come from a provider that the server does not trust. */
    distrust: () => {
      provider = new Provider();
    },
    call: (name = "any") => agent.callTool({ name }),
    runs: () => servers.map(({ seen }) => seen.runs),
    types: () => events.map(({ type }) => type),
  };
}

describe("a session that the server has forgotten", () => {
  test("is opened anew with a fresh token, and the call that 404 refused is made in it, once", async () => {
    const { host, call, runs, types, servers, transport, agent, getToken, errors } = await world();
    await call();
    const before = transport.sessionId;
    host.forget();
    await call();
    expect(runs()).toEqual([1, 1]);
    expect(types()).toEqual(["token_fetched", "token_fetched", "session_reopened"]);
    expect(getToken).toHaveBeenCalledTimes(2);
    expect(transport.sessionId).not.toBe(before);
    expect(agent.attestationVerified).toBe(true);
    const [first, second] = servers.map(({ seen }) => seen.evidence.map(({ evidence }) => evidence.token));
    expect(second).toHaveLength(1);
    expect(second).not.toEqual(first);
    // The application hears nothing of the 404 that was seen to.
    expect(errors.filter(({ message }) => message.includes("404") || message.includes("POSTing"))).toEqual(
      [],
    );
  });

  test("is told the same initialize as the one before, without what belonged to that", async () => {
    const { host, call, handshakes } = await world();
    host.forget();
    await call();
    expect(handshakes).toHaveLength(2);
    const [first, second] = handshakes.map(({ params }) => ({
      ...params,
      capabilities: { ...params.capabilities, experimental: undefined },
    }));
    expect(second).toEqual(first);
    expect(second).toMatchObject({ clientInfo, capabilities: { elicitation: {} } });
    for (const { headers } of handshakes) {
      expect(headers.has("mcp-session-id") || headers.has("mcp-protocol-version")).toBe(false);
    }
  });

  test("is one new session for many calls at once, each of which runs once", async () => {
    const { host, call, runs, types } = await world();
    host.forget();
    await Promise.all(Array.from({ length: 40 }, () => call()));
    expect(runs()).toEqual([0, 40]);
    expect(types().filter((type) => type === "session_reopened")).toHaveLength(1);
  });

  test("has the log level and the subscriptions of the one before, and no others", async () => {
    const { host, agent, call, restored, servers } = await world();
    await agent.setLoggingLevel("error");
    for (const uri of ["a://1", "a://2", "a://3"]) await agent.subscribeResource({ uri });
    await agent.unsubscribeResource({ uri: "a://2" });
    restored.length = 0;
    const heard: unknown[] = [];
    agent.setNotificationHandler(
      LoggingMessageNotificationSchema,
      ({ params }) => void heard.push(params.data),
    );
    agent.setNotificationHandler(
      ResourceUpdatedNotificationSchema,
      ({ params }) => void heard.push(params.uri),
    );
    host.forget();
    await call();
    expect(restored.sort()).toEqual(["2 resources/subscribe a://1", "2 resources/subscribe a://3"]);
    const server = servers[1]?.server;
    await vi.waitFor(async () => {
      await server?.sendResourceUpdated({ uri: "a://1" });
      expect(heard).toContain("a://1");
    });
    expect(servers[1]?.seen.methods.slice(0, 3)).toEqual([
      "initialize",
      "notifications/initialized",
      "logging/setLevel",
    ]);
  });

  test("tells the application by list_changed, for each kind of list that the server declares", async () => {
    const { host, agent, call } = await world();
    const changed: string[] = [];
    for (const [name, schema] of [
      ["tools", ToolListChangedNotificationSchema],
      ["prompts", PromptListChangedNotificationSchema],
      ["resources", ResourceListChangedNotificationSchema],
    ] as const) {
      agent.setNotificationHandler(schema, () => void changed.push(name));
    }
    host.forget();
    await call();
    await vi.waitFor(() => expect(changed).toEqual(["tools", "prompts", "resources"]));
  });

  test("is opened anew without a call, when the stream that listens is answered 404", async () => {
    const { host, types, runs } = await world();
    await vi.waitFor(() => expect(host.requests).toContain("GET"));
    host.crash();
    await vi.waitFor(() => expect(types()).toContain("session_reopened"), 10_000);
    await vi.waitFor(() => expect(host.requests.filter((method) => method === "GET")).toHaveLength(3));
    expect(runs()).toEqual([0, 0]);
  });

  test("fails a call that it had taken, which is not made again", async () => {
    const { host, agent, runs } = await world();
    await vi.waitFor(() => expect(host.requests).toContain("GET"));
    const slow = agent.callTool({ name: "slow" }).catch((error: unknown) => error);
    await vi.waitFor(() => expect(runs()).toEqual([1]));
    host.crash();
    expect(await slow).toMatchObject({ code: -32000, message: expect.stringContaining("may have run") });
    await agent.callTool({ name: "any" });
    expect(runs()).toEqual([1, 1]);
  });

  test("gets no answer to what the session before had asked its client, though both number alike", async () => {
    const { host, agent, call, servers } = await world();
    const asked: string[] = [];
    const answers = new Map<string, (action: "accept" | "decline") => void>();
    agent.setRequestHandler(ElicitRequestSchema, ({ params }) => {
      asked.push(params.message);
      return new Promise((resolve) => answers.set(params.message, (action) => resolve({ action })));
    });
    const ask = (server: GatedServer | undefined, message: string) =>
      server?.server.elicitInput({ message, requestedSchema: { type: "object", properties: {} } });
    await vi.waitFor(() => expect(host.requests).toContain("GET"));
    ask(servers[0], "delete everything?")?.catch(() => undefined);
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    host.crash();
    await call();
    await vi.waitFor(() => expect(host.requests.filter((method) => method === "GET")).toHaveLength(2));
    const second = ask(servers[1], "delete one thing?");
    await vi.waitFor(() => expect(asked).toHaveLength(2));
    answers.get("delete everything?")?.("accept");
    await call();
    answers.get("delete one thing?")?.("decline");
    expect((await second)?.action).toBe("decline");
  });

  test("is opened anew once: a second 404 is the caller's", async () => {
    let isBroken = false;
    const { host, call, agent } = await world({
      intercept: (request, response) => {
        if (!isBroken || request.method !== "POST" || request.headers["mcp-session-id"] === undefined) {
          return false;
        }
        response.writeHead(404).end();
        return true;
      },
    });
    isBroken = true;
    await expect(call()).rejects.toMatchObject({ code: 404 });
    isBroken = false;
    await call();
    expect(host.sessions.size).toBeGreaterThan(0);
    expect(agent.attestationVerified).toBe(true);
  });

  test("is opened anew five times a minute at most", async () => {
    const { host, call, getToken } = await world();
    for (let round = 0; round < 5; round++) {
      host.forget();
      await call();
    }
    host.forget();
    for (let round = 0; round < 3; round++) await expect(call()).rejects.toThrow();
    expect(getToken).toHaveBeenCalledTimes(6);
  });

  test("fails with the refusal when the server does not trust the agent any more, and says so", async () => {
    const { host, call, distrust, types, events, errors, runs } = await world();
    distrust();
    host.forget();
    await expect(call()).rejects.toMatchObject({ name: "AttestationRejectedError", code: 1003 });
    expect(types()).toContain("session_lost");
    expect(JSON.parse(JSON.stringify(events))).toEqual(events);
    expect(errors.at(-1)?.message).toContain("no new one could be opened");
    expect(runs().every((count) => count === 0)).toBe(true);
  });

  test("is tried again by the next call, once the server can be had", async () => {
    let isDown = false;
    const { host, call, types } = await world({
      intercept: (_, response) => {
        if (!isDown) return false;
        response.writeHead(404).end();
        return true;
      },
    });
    isDown = true;
    host.forget();
    await expect(call()).rejects.toMatchObject({ code: 404 });
    isDown = false;
    await call();
    expect(types().filter((type) => type.startsWith("session_"))).toEqual([
      "session_lost",
      "session_reopened",
    ]);
  });

  test.each(["the key", "the token source"])("is not taken for forgotten by a 404 of %s", async (which) => {
    const real = KeyPair.generate();
    let isBroken = false;
    const gone = () => Object.assign(new Error("no such thing"), { status: 404 });
    const sign = (message: Uint8Array) => {
      if (isBroken && which === "the key") throw gone();
      return real.sign(message);
    };
    const provider = new Provider();
    const getToken = async ({ confirmationKey }: TokenRequest) => {
      if (isBroken) throw gone();
      return provider.token(undefined, confirmationKey);
    };
    const bound = { getToken, key: { kid: real.kid, alg: real.alg, publicKey: real.publicKey, sign } };
    const source = which === "the key" ? { ...bound, targetAudience: AUDIENCE } : { getToken };
    const proof = { proof: "each-request", verification_status: "verified", trust_level: "provider" };
    const handshakes = vi.fn();
    const answer = async (_: unknown, init: RequestInit = {}) => {
      const { id, method } = typeof init.body === "string" ? JSON.parse(init.body) : {};
      if (id === undefined) return new Response(null, { status: method === undefined ? 405 : 202 });
      const status = { version: "0.1.0", policy: "required", verified_claims: [], required_claims: [] };
      const experimental = { "security.attestation": { ...status, trusted_issuers: [], ...proof } };
      if (method === "initialize") handshakes();
      const result =
        method === "initialize"
          ? {
              protocolVersion: "2025-11-25",
              serverInfo: clientInfo,
              capabilities: { tools: {}, experimental },
            }
          : { content: [] };
      return Response.json({ jsonrpc: "2.0", id, result }, { headers: { "mcp-session-id": "one" } });
    };
    const client = new Client(clientInfo);
    const transport = new StreamableHTTPClientTransport(new URL("http://mcp.test/mcp"), { fetch: answer });
    await client.connect(attestTransport(transport as Transport, source));
    onTestFinished(() => client.close());
    await client.callTool({ name: "any" });
    isBroken = true;
    await expect(client.callTool({ name: "any" })).rejects.toThrow("no such thing");
    isBroken = false;
    await client.callTool({ name: "any" });
    expect(handshakes).toHaveBeenCalledTimes(1);
  });

  test("is not opened anew when the client ends it", async () => {
    const { host, agent, types, getToken } = await world();
    host.forget();
    await agent.close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(getToken).toHaveBeenCalledTimes(1);
    expect(types()).toEqual(["token_fetched"]);
  });

  test("stays forgotten with reconnect: false", async () => {
    const { host, call, getToken, errors } = await world({ reconnect: false });
    host.forget();
    await expect(call()).rejects.toMatchObject({ code: 404 });
    expect(getToken).toHaveBeenCalledTimes(1);
    expect(errors.some((error) => (error as { code?: unknown }).code === 404)).toBe(true);
  });

  test("cancels a call that waits for a new session without making it", async () => {
    const { host, agent, runs, getToken } = await world();
    let hand: (token: string) => void = () => undefined;
    const token = await getToken();
    getToken.mockImplementationOnce(() => new Promise((resolve) => (hand = resolve)));
    host.forget();
    const controller = new AbortController();
    const cancelled = agent.callTool({ name: "any" }, undefined, { signal: controller.signal });
    const other = agent.callTool({ name: "any" });
    await vi.waitFor(() => expect(getToken).toHaveBeenCalledTimes(3));
    controller.abort();
    await expect(cancelled).rejects.toThrow();
    hand(token);
    await other;
    expect(runs()).toEqual([0, 1]);
  });

  test("is opened anew for any client whose transport attests", async () => {
    const { host, source, runs } = await world();
    const client = new Client(clientInfo);
    onTestFinished(() => client.close());
    await client.connect(attestTransport(new StreamableHTTPClientTransport(host.url), source) as Transport);
    host.forget();
    await client.callTool({ name: "any" });
    expect(runs().reduce((sum, each) => sum + each)).toBe(1);
  });
});

describe("requireVerification", () => {
  test("holds for the new session: a server that verifies nobody any more is told nothing", async () => {
    const { host, call, servers, agent } = await world({ requireVerification: true });
    vi.spyOn(GatedServer.prototype, "connect").mockImplementation(function (this: GatedServer, transport) {
      return this.server.connect(transport);
    });
    onTestFinished(() => void vi.restoreAllMocks());
    host.forget();
    await expect(call()).rejects.toMatchObject({ name: "UnverifiedServerError" });
    expect(servers.map(({ seen }) => seen.runs)).toEqual([0, 0]);
    await expect(agent.callTool({ name: "any" })).rejects.toMatchObject({ name: "UnverifiedServerError" });
    expect(servers.every(({ seen }) => seen.runs === 0)).toBe(true);
  });
});
