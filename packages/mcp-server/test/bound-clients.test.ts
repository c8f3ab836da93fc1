import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { type AttestationVerifierOptions, hmacNonces, KeyPair } from "@attest/core";
import { FixedClock } from "@attest/core/testing";
import { AttestingClientSession, attestTransport, type RemoteTokenSource } from "@attest/mcp-client";
import { createAttestingServer, currentAttestation } from "@attest/mcp-server";
import { HttpSessions, StatelessHttp, toNodeHandler } from "@attest/mcp-server/http";
import type { OAuthClientProvider } from "@modelcontextprotocol/sdk/client/auth.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import type { OAuthTokens } from "@modelcontextprotocol/sdk/shared/auth.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  CreateMessageRequestSchema,
  CreateMessageResultSchema,
  type JSONRPCMessage,
} from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import { AUDIENCE, Issuer } from "./support/agents.ts";
import { createWeatherServer } from "./support/weather-server.ts";

const NONCE_KEY = new Uint8Array(32);
const STEERED = { content: [{ type: "text", text: "steered" }] };

const A_TOKEN: RemoteTokenSource["getToken"] = () => "a.b.c";

async function serve(listener: RequestListener): Promise<URL> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
}

/** An agent that proves its key, and how often it asked for a token. */
function provingAgent(issuer: Issuer, options: Partial<RemoteTokenSource> = {}) {
  const getToken = vi.fn<RemoteTokenSource["getToken"]>(({ confirmationKey }) =>
    issuer.token({ confirmationKey }),
  );
  const agent = new AttestingClientSession(
    { name: "agent", version: "1" },
    { getToken, targetAudience: AUDIENCE, proofOfPossession: true, ...options },
  );
  onTestFinished(() => agent.close());
  return { agent, getToken };
}

type Reach = (
  issuer: Issuer,
  options?: Partial<AttestationVerifierOptions>,
) => Promise<() => Promise<Transport>>;

const overHttp: Reach = async (issuer, options) => {
  const verifier = issuer.verifier(options);
  const sessions = new HttpSessions({ verifier, createServer: () => createWeatherServer(verifier) });
  onTestFinished(() => sessions.close());
  const url = await serve(toNodeHandler(sessions.handle));
  return async () => new StreamableHTTPClientTransport(url) as Transport;
};

const stateless: Reach = async (issuer, options) => {
  const verifier = issuer.verifier(options);
  const http = new StatelessHttp({ verifier, createServer: () => createWeatherServer(verifier) });
  onTestFinished(() => http.close());
  const url = await serve(toNodeHandler(http.handle));
  return async () => new StreamableHTTPClientTransport(url) as Transport;
};

const inMemory: Reach = async (issuer, options) => {
  const verifier = issuer.verifier(options);
  return async () => {
    const [client, server] = InMemoryTransport.createLinkedPair();
    await createWeatherServer(verifier).connect(server);
    return client;
  };
};

describe.each([
  ["HttpSessions", overHttp],
  ["StatelessHttp", stateless],
  ["in memory", inMemory],
] as const)("a client that proves its key, %s", (_, reach) => {
  test.each([
    ["when-bound", {}],
    ["always", { requireProof: "always" }],
    ["each-request", { requireProof: "each-request" }],
    ["each-request with nonces", { requireProof: "each-request", challenge: hmacNonces({ key: NONCE_KEY }) }],
  ] as const)("calls with one token under %s", async (_, options) => {
    const issuer = new Issuer();
    const connect = await reach(issuer, options);
    const { agent, getToken } = provingAgent(issuer);
    await agent.connect(await connect());
    expect(agent.attestationVerified).toBe(true);
    for (let count = 0; count < 25; count++) {
      expect(await agent.callTool({ name: "steer-clouds" })).toEqual(STEERED);
    }
    const { tools } = await agent.listTools();
    expect(tools.length).toBeGreaterThan(2);
    expect(getToken).toHaveBeenCalledOnce();
  });
});

describe("a client that proves its key", () => {
  test.each(["when-bound", "always", "each-request"] as const)(
    "goes on in a new session, with another token and proofs of its own, when the process is started again, under %s",
    async (requireProof) => {
      const issuer = new Issuer();
      const verifier = issuer.verifier({ requireProof });
      const start = () => new HttpSessions({ verifier, createServer: () => createWeatherServer(verifier) });
      let sessions = start();
      onTestFinished(() => sessions.close());
      const url = await serve((request, response) => toNodeHandler(sessions.handle)(request, response));
      const { agent, getToken } = provingAgent(issuer);
      await agent.connect(new StreamableHTTPClientTransport(url) as Transport);
      expect(await agent.callTool({ name: "steer-clouds" })).toEqual(STEERED);
      await sessions.close();
      sessions = start();
      const calls = Array.from({ length: 10 }, () => agent.callTool({ name: "steer-clouds" }));
      for (const answer of await Promise.all(calls)) expect(answer).toEqual(STEERED);
      expect(agent.attestationVerified).toBe(true);
      expect(sessions.size).toBe(1);
      expect(getToken).toHaveBeenCalledTimes(2);
    },
  );

  test("uses one token for 1,000 calls, 50 at a time, each with a proof of its own", async () => {
    const issuer = new Issuer();
    const connect = await overHttp(issuer, { requireProof: "each-request", maxLifetimeSeconds: 3600 });
    const { agent, getToken } = provingAgent(issuer);
    await agent.connect(await connect());
    let right = 0;
    for (let round = 0; round < 20; round++) {
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => agent.callTool({ name: "steer-clouds" })),
      );
      right += answers.filter((answer) => JSON.stringify(answer) === JSON.stringify(STEERED)).length;
    }
    expect(right).toBe(1000);
    expect(getToken).toHaveBeenCalledOnce();
  });

  test("takes up a nonce whose minute is over, without its caller noticing", async () => {
    const issuer = new Issuer();
    const clock = new FixedClock(Date.now() / 1000);
    const challenge = hmacNonces({ key: NONCE_KEY, clock });
    const connect = await overHttp(issuer, { requireProof: "each-request", challenge });
    const { agent } = provingAgent(issuer);
    await agent.connect(await connect());
    for (let minute = 0; minute < 4; minute++) {
      expect(await agent.callTool({ name: "steer-clouds" })).toEqual(STEERED);
      clock.advance(120);
    }
  });

  test("renews its token in the session, bound to the same key", async () => {
    const issuer = new Issuer();
    const clock = new FixedClock(Date.now() / 1000);
    const connect = await overHttp(issuer, { clock });
    const keys: (string | undefined)[] = [];
    const { agent } = provingAgent(issuer, {
      clock,
      getToken: async ({ confirmationKey }) => {
        keys.push(confirmationKey?.x);
        return issuer.token({ clock, confirmationKey });
      },
    });
    await agent.connect(await connect());
    for (let life = 0; life < 3; life++) {
      clock.advance(290);
      expect(await agent.callTool({ name: "steer-clouds" })).toEqual(STEERED);
    }
    expect(keys).toHaveLength(4);
    expect(new Set(keys).size).toBe(1);
  });

  test("never goes on with a token that is not bound to its key", async () => {
    const issuer = new Issuer();
    const connect = await overHttp(issuer);
    for (const [getToken, message] of [
      [() => issuer.token(), /not bound to a key/],
      [() => issuer.token({ confirmationKey: KeyPair.generate().publicKey }), /bound to another key/],
    ] as const) {
      const { agent } = provingAgent(issuer, { getToken });
      await expect(agent.connect(await connect())).rejects.toThrow(message);
    }
  });

  test("signs again what its HTTP transport sends again after 401, with the access token of that sending", async () => {
    const issuer = new Issuer();
    const verifier = issuer.verifier({ requireProof: "each-request", bindUser: true });
    const sessions = new HttpSessions({ verifier, createServer: () => createWeatherServer(verifier) });
    onTestFinished(() => sessions.close());
    let valid = "fresh-0";
    let refreshes = 0;
    const refused: string[] = [];
    const mcp: RequestListener = (request, response) => {
      if (request.headers.authorization === `Bearer ${valid}`) {
        const auth = { token: valid, clientId: "c", scopes: [] };
        void toNodeHandler(sessions.handle)(Object.assign(request, { auth }), response);
        return;
      }
      request.setEncoding("utf8").on("data", (body: string) => refused.push(body));
      request.on("end", () => response.writeHead(401, { "www-authenticate": "Bearer" }).end());
    };
    const url: URL = await serve((request, response) => {
      const json = (value: object) =>
        response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
      if (request.url === "/mcp") mcp(request, response);
      else if (request.url?.startsWith("/.well-known/oauth-authorization-server"))
        json({
          issuer: url.origin,
          authorization_endpoint: `${url.origin}/authorize`,
          token_endpoint: `${url.origin}/token`,
          response_types_supported: ["code"],
        });
      else if (request.url === "/token") {
        refreshes += 1;
        json({ access_token: valid, token_type: "Bearer", refresh_token: "again" });
      } else response.writeHead(404).end();
    });
    let tokens: OAuthTokens = { access_token: "stale", token_type: "Bearer", refresh_token: "again" };
    const authProvider: OAuthClientProvider = {
      redirectUrl: "http://127.0.0.1/callback",
      clientMetadata: { redirect_uris: ["http://127.0.0.1/callback"] },
      clientInformation: () => ({ client_id: "c" }),
      tokens: () => tokens,
      saveTokens: (given) => {
        tokens = given;
      },
      redirectToAuthorization: () => undefined,
      saveCodeVerifier: () => undefined,
      codeVerifier: () => "",
    };
    const { agent, getToken } = provingAgent(issuer);
    await agent.connect(new StreamableHTTPClientTransport(url, { authProvider }) as Transport);
    expect(refreshes).toBe(1);
    expect(refused[0]).toContain('"proof":"');
    valid = "fresh-1";
    expect(await agent.callTool({ name: "steer-clouds" })).toEqual(STEERED);
    expect(refreshes).toBeGreaterThan(1);
    expect(getToken).toHaveBeenCalledOnce();
    // The proof of the refused sending was never used, and is for another user's token now.
    const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
    const stolen = await sessions.handle(
      new Request(url, {
        method: "POST",
        headers: { ...headers, host: "localhost" },
        body: refused[0] ?? "",
      }),
      { authInfo: { token: valid } },
    );
    expect(await stolen.text()).toContain("invalid_proof");
  });

  test("answers the server's requests where each request is proven", async () => {
    const issuer = new Issuer();
    const verifier = issuer.verifier({ requireProof: "each-request" });
    const createAsking = () => {
      const server = createAttestingServer("asks", verifier, { version: "1" });
      server.registerTool("ask", { inputSchema: { what: z.string() } }, async ({ what }, extra) => {
        const { content } = await extra.sendRequest(
          {
            method: "sampling/createMessage",
            params: { messages: [{ role: "user", content: { type: "text", text: what } }], maxTokens: 1 },
          },
          CreateMessageResultSchema,
        );
        const text = (content as { text: string }).text;
        return { content: [{ type: "text", text: `${text}, ${currentAttestation()?.verified}` }] };
      });
      return server;
    };
    const sessions = new HttpSessions({ verifier, createServer: createAsking });
    onTestFinished(() => sessions.close());
    const url = await serve(toNodeHandler(sessions.handle));
    const client = new Client({ name: "c", version: "1" }, { capabilities: { sampling: {} } });
    client.setRequestHandler(CreateMessageRequestSchema, async () => ({
      model: "m",
      role: "assistant",
      content: { type: "text", text: "42" },
    }));
    const transport = new StreamableHTTPClientTransport(url) as Transport;
    await client.connect(
      attestTransport(transport, {
        getToken: ({ confirmationKey }) => issuer.token({ confirmationKey }),
        targetAudience: AUDIENCE,
        proofOfPossession: true,
      }),
    );
    onTestFinished(() => client.close());
    const onprogress = vi.fn();
    const answer = await client.callTool({ name: "ask", arguments: { what: "all" } }, undefined, {
      onprogress,
    });
    expect(answer.content).toEqual([{ type: "text", text: "42, true" }]);
  });

  test("is not led astray by trace context that is written beneath it, or by its own _meta", async () => {
    const issuer = new Issuer();
    const connect = await stateless(issuer, { requireProof: "each-request" });
    const { agent } = provingAgent(issuer);
    const transport = await connect();
    const { send } = Object.getPrototypeOf(transport) as { send: Transport["send"] };
    vi.spyOn(Object.getPrototypeOf(transport), "send").mockImplementation(function (
      this: Transport,
      ...args
    ) {
      const [message, options] = args as [JSONRPCMessage, undefined];
      if (!("method" in message)) return send.call(this, message, options);
      const _meta = {
        ...message.params?.["_meta"],
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      };
      return send.call(this, { ...message, params: { ...message.params, _meta } }, options);
    });
    onTestFinished(() => void vi.restoreAllMocks());
    await agent.connect(transport);
    const call = { name: "steer-clouds", _meta: { "example.com/mine": [1, { a: "é" }] } };
    expect(await agent.callTool(call, undefined, { onprogress: () => undefined })).toEqual(STEERED);
  });

  test.each([
    ["no targetAudience", { proofOfPossession: true, getToken: A_TOKEN }, /needs targetAudience/],
    [
      "a key that is none",
      { key: {} as KeyPair, getToken: A_TOKEN, targetAudience: "a" },
      /must be a KeyPair/,
    ],
    [
      "a key that is not to be proven",
      { key: KeyPair.generate(), proofOfPossession: false, getToken: A_TOKEN, targetAudience: "a" },
      /of no use/,
    ],
    [
      "an unset variable",
      { proofOfPossession: undefined as never, getToken: A_TOKEN },
      /present but undefined/,
    ],
  ])("throws for %s", (_, source, message) => {
    expect(() => new AttestingClientSession({ name: "a", version: "1" }, source)).toThrow(message);
  });
});

describe("a client that proves its key to a child process", () => {
  test("takes up the nonce that it is told at initialize, and calls with one token", async () => {
    const issuer = new Issuer();
    const { agent, getToken } = provingAgent(issuer);
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [fileURLToPath(new URL("support/stdio-server.ts", import.meta.url))],
      env: {
        ISSUER_PEM: issuer.keyPair.toPem(),
        POLICY: "required",
        REQUIRE_PROOF: "each-request",
        NONCE_KEY: "07".repeat(32),
        NODE_NO_WARNINGS: "1",
      },
    });
    await agent.connect(transport);
    for (let count = 0; count < 5; count++) {
      expect(await agent.callTool({ name: "steer-clouds" })).toEqual(STEERED);
    }
    expect(agent.attestationStatus).toMatchObject({ proof: "each-request", nonce: expect.any(String) });
    expect(getToken).toHaveBeenCalledOnce();
  });
});

describe("a client that proves nothing", () => {
  test("gets a fresh token for each request of a stateless server", async () => {
    const issuer = new Issuer();
    const connect = await stateless(issuer);
    const getToken = vi.fn(() => issuer.token());
    const agent = new AttestingClientSession({ name: "a", version: "1" }, { getToken });
    onTestFinished(() => agent.close());
    await agent.connect(await connect());
    for (let count = 0; count < 5; count++) {
      expect(await agent.callTool({ name: "steer-clouds" })).toEqual(STEERED);
    }
    expect(getToken).toHaveBeenCalledTimes(6);
  });
});
