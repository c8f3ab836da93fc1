import { type AttestationVerifierOptions, hmacNonces } from "@attest/core";
import type { RequestMessage } from "@attest/core/wire";
import { createAttestingServer } from "@attest/mcp-server";
import type { HttpSessions } from "@attest/mcp-server/http";
import { CreateMessageResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, test, vi } from "vitest";
import { Issuer } from "../support/agents.ts";
import { BoundAgent } from "../support/bound-agent.ts";
import { initializeParams } from "../support/raw-connection.ts";
import { createWeatherServer } from "../support/weather-server.ts";
import { cancel, HEADERS, post, sessionsFor, URL_OF_MCP } from "./support/sessions.ts";

const INITIALIZE = { jsonrpc: "2.0", id: 1, method: "initialize", params: initializeParams() } as const;
const callOf = (name: string) =>
  ({ jsonrpc: "2.0", id: 7, method: "tools/call", params: { name } }) as const satisfies RequestMessage;

function provenSessions(issuer: Issuer, options: Partial<AttestationVerifierOptions> = {}): HttpSessions {
  return sessionsFor(issuer, { verifier: issuer.verifier({ requireProof: "each-request", ...options }) });
}

async function open(
  sessions: HttpSessions,
  agent: BoundAgent,
  capabilities: object = {},
): Promise<Record<string, string>> {
  const initialize = { ...INITIALIZE, params: { ...INITIALIZE.params, capabilities } };
  const response = await sessions.handle(post(await agent.sign(initialize)));
  expect(await response.text()).toContain('"verification_status":"verified"');
  return { "mcp-session-id": response.headers.get("mcp-session-id") ?? "" };
}

const textOf = async (response: Response | Promise<Response>) => (await response).text();

describe("HttpSessions where each request is proven", () => {
  test("serve a session's agent by its proofs, and a thief of the session id nothing", async () => {
    const issuer = new Issuer();
    const sessions = provenSessions(issuer);
    const agent = await BoundAgent.of(issuer);
    const session = await open(sessions, agent);
    expect(await textOf(sessions.handle(post(await agent.sign(callOf("steer-clouds")), session)))).toContain(
      "steered",
    );
    expect(await textOf(sessions.handle(post(callOf("steer-clouds"), session)))).toContain(
      "attestation_required",
    );
    expect(await textOf(sessions.handle(post(callOf("sky"), session)))).toContain("attestation_required");
    const thief = await BoundAgent.of(issuer);
    expect(await textOf(sessions.handle(post(await thief.sign(callOf("sky")), session)))).toContain(
      "unknown_issuer",
    );
    const signed = await agent.sign(callOf("who-am-i"));
    const changed = { ...signed, params: { ...signed.params, name: "steer-clouds" } };
    expect(await textOf(sessions.handle(post(changed, session)))).toContain("invalid_proof");
    expect(await textOf(sessions.handle(post(signed, session)))).toContain("spiffe://");
    expect(await textOf(sessions.handle(post(signed, session)))).toContain("replay_detected");
  });

  test("let nobody listen, resume or end a session, since a session id is all that such a request shows", async () => {
    const issuer = new Issuer();
    const sessions = provenSessions(issuer);
    const session = await open(sessions, await BoundAgent.of(issuer));
    const headers = { host: "localhost", ...HEADERS, ...session };
    for (const init of [
      { headers },
      { headers: { ...headers, "last-event-id": "1" } },
      { method: "DELETE", headers },
    ]) {
      const response = await sessions.handle(new Request(URL_OF_MCP, init));
      expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
    }
    expect(sessions.size).toBe(1);
  });

  test("refuse batches, which could not carry a proof for each request", async () => {
    const issuer = new Issuer();
    const sessions = provenSessions(issuer);
    const agent = await BoundAgent.of(issuer);
    const session = await open(sessions, agent);
    const response = await sessions.handle(post([await agent.sign(callOf("sky"))], session));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: -32600 } });
  });

  test("send what a cancelled call asks its client to nobody who comes under the call's id", async () => {
    const issuer = new Issuer();
    const inner = issuer.verifier({ requireProof: "each-request" });
    const proceed = Promise.withResolvers<void>();
    const verify: typeof inner.verify = async (token, presentation) => {
      if (presentation?.request?.method === "tools/list") await proceed.promise;
      return inner.verify(token, presentation);
    };
    const verifier = { ...inner, verify };
    const started = Promise.withResolvers<void>();
    const cancelled = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<unknown>();
    const createServer = () => {
      const server = createAttestingServer("stubborn", verifier, { version: "1" });
      server.registerTool("ask", {}, async ({ requestId }) => {
        started.resolve();
        await cancelled.promise;
        const question = server.server.createMessage(
          { messages: [], maxTokens: 1, systemPrompt: "secret" },
          { relatedRequestId: requestId },
        );
        asked.resolve(question.catch((error: unknown) => error));
        return { content: [] };
      });
      return server;
    };
    const sessions = sessionsFor(issuer, { verifier, createServer });
    const agent = await BoundAgent.of(issuer);
    const session = await open(sessions, agent, { sampling: {} });
    const call = sessions.handle(post(await agent.sign(callOf("ask")), session));
    await started.promise;
    // The thief has the session's id, and a key of his own.
    await sessions.handle(post(cancel(7), session));
    await textOf(call);
    const thief = await BoundAgent.of(issuer);
    const listing = await thief.sign({ jsonrpc: "2.0", id: 7, method: "tools/list", params: {} });
    const stolen = await sessions.handle(post(listing, session));
    cancelled.resolve();
    expect(String(await asked.promise)).toContain("in the course of a request");
    proceed.resolve();
    const text = await stolen.text();
    expect(text).toContain("unknown_issuer");
    expect(text).not.toContain("secret");
  });

  test("let the server ask again, however many of its questions it gave up after the calls that they were for", async () => {
    const issuer = new Issuer();
    const verifier = issuer.verifier({ requireProof: "each-request" });
    const given = vi.fn();
    const createServer = () => {
      const server = createAttestingServer("impatient", verifier, { version: "1" });
      server.registerTool("ask", {}, async ({ sendRequest }) => {
        const question = sendRequest(
          { method: "sampling/createMessage", params: { messages: [], maxTokens: 1 } },
          CreateMessageResultSchema,
          { timeout: 1 },
        );
        void question.catch(given);
        return { content: [] };
      });
      return server;
    };
    const sessions = sessionsFor(issuer, { verifier, createServer });
    const agent = await BoundAgent.of(issuer);
    const session = await open(sessions, agent, { sampling: {} });
    const ask = async () => textOf(sessions.handle(post(await agent.sign(callOf("ask")), session)));
    for (let count = 0; count < 256; count++) expect(await ask()).toContain("sampling/createMessage");
    await expect.poll(() => given.mock.calls.length).toBe(256);
    expect(await ask()).toContain("sampling/createMessage");
  });

  test("drop answers that nobody asked for, and notifications without evidence", async () => {
    const issuer = new Issuer();
    const sessions = provenSessions(issuer);
    const session = await open(sessions, await BoundAgent.of(issuer));
    for (const body of [
      { jsonrpc: "2.0", id: 0, result: { action: "accept" } },
      { jsonrpc: "2.0", method: "notifications/roots/list_changed" },
    ]) {
      expect((await sessions.handle(post(body, session))).status).toBe(202);
    }
  });
});

describe("HttpSessions with a challenge", () => {
  const challenge = hmacNonces({ key: new Uint8Array(32) });

  test.each(["required", "preferred", "optional"] as const)(
    "tell a nonce before anything is made, and open the session with it, under %s",
    async (policy) => {
      const issuer = new Issuer();
      const createServer = vi.fn(createWeatherServer);
      const verifier = issuer.verifier({ challenge, policy });
      const sessions = sessionsFor(issuer, { verifier, createServer: () => createServer(verifier) });
      const agent = await BoundAgent.of(issuer);
      const refused = await sessions.handle(post(await agent.sign(INITIALIZE)));
      expect(refused.headers.get("mcp-session-id")).toBeNull();
      const { error } = (await refused.json()) as { error: { code: number; data: { nonce: string } } };
      expect(error).toMatchObject({ code: 1012, data: { nonce: challenge.current() } });
      expect(createServer).not.toHaveBeenCalled();
      const { nonce } = error.data;
      const opened = await sessions.handle(post(await agent.sign(INITIALIZE, { nonce })));
      const text = await opened.text();
      expect(text).toContain('"verification_status":"verified"');
      expect(text).toContain(`"nonce":"${challenge.current()}"`);
    },
  );

  test("refuse a user's access token that the proof does not name", async () => {
    const issuer = new Issuer();
    const sessions = sessionsFor(issuer, { verifier: issuer.verifier({ bindUser: true }) });
    const agent = await BoundAgent.of(issuer);
    const authInfo = { token: "alices-token" };
    const serve = async (accessToken: string) =>
      textOf(sessions.handle(post(await agent.sign(INITIALIZE, { accessToken })), { authInfo }));
    expect(await serve("malorys-token")).toContain("invalid_proof");
    expect(await serve("alices-token")).toContain('"verification_status":"verified"');
  });
});

describe("several processes", () => {
  const warningsOf = (options: Partial<AttestationVerifierOptions>, sessionIdPrefix?: string) => {
    const emit = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    try {
      const issuer = new Issuer();
      sessionsFor(issuer, { verifier: issuer.verifier(options), sessionIdPrefix });
      return emit.mock.calls.map(([, warning]) => (warning as { code?: string } | undefined)?.code);
    } finally {
      emit.mockRestore();
    }
  };

  test("are warned of a replay cache that each has for itself", () => {
    const shared = {
      checkAndAdd: async () => true,
      exists: async () => false,
      count: async () => 0,
      clear: async () => {},
    };
    expect(warningsOf({}, "a")).toEqual(["ATTEST_LOCAL_REPLAYS"]);
    expect(warningsOf({ replayCache: shared }, "a")).toEqual([]);
    expect(warningsOf({})).toEqual([]);
  });
});
