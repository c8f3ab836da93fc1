import { type AttestationVerifierOptions, hmacNonces, ProofPolicy } from "@attest/core";
import type { RequestMessage } from "@attest/core/wire";
import { attestServer, createAttestingServer, currentAttestation } from "@attest/mcp-server";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { CreateMessageResultSchema, type JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { AUDIENCE, Issuer } from "./support/agents.ts";
import { BoundAgent } from "./support/bound-agent.ts";
import { startHttpHost } from "./support/http-host.ts";
import { connectRaw, initializeParams, openRaw, type RawConnection } from "./support/raw-connection.ts";
import { createWeatherServer } from "./support/weather-server.ts";

const callOf = (name: string, id = 7) =>
  ({ jsonrpc: "2.0", id, method: "tools/call", params: { name } }) as const satisfies RequestMessage;
const textIn = (message: JSONRPCMessage) =>
  "result" in message ? (message.result as { content?: { text: string }[] }).content?.[0]?.text : undefined;
const codeIn = (message: JSONRPCMessage) => ("error" in message ? message.error.code : undefined);
const dataIn = (message: JSONRPCMessage) =>
  ("error" in message ? message.error.data : undefined) as { nonce?: string } | undefined;

/** Sends `initialize` as `agent` would. */
async function initialize(
  { request }: RawConnection,
  agent: BoundAgent,
  overrides: Parameters<BoundAgent["sign"]>[1] = {},
) {
  const { params } = await agent.sign(
    { jsonrpc: "2.0", method: "initialize", params: initializeParams() },
    overrides,
  );
  return request("initialize", params);
}

/** Sends a call as `agent` would. */
async function call(
  { request }: RawConnection,
  agent: BoundAgent,
  name: string,
  overrides: Parameters<BoundAgent["sign"]>[1] = {},
) {
  const { method, params } = await agent.sign(callOf(name), overrides);
  return request(method, params);
}

function statusIn(message: JSONRPCMessage): Record<string, unknown> | undefined {
  const { capabilities } = ("result" in message ? message.result : {}) as {
    capabilities?: { experimental?: Record<string, Record<string, unknown>> };
  };
  return capabilities?.experimental?.["security.attestation"];
}

async function connected(issuer: Issuer, options: Partial<AttestationVerifierOptions> = {}) {
  const verifier = issuer.verifier(options);
  const connection = await connectRaw(createWeatherServer(verifier, { onUnattested: () => undefined }));
  return { connection, verifier };
}

describe("a bound token in a session", () => {
  test("opens it with a proof, and says which proofs the server asks for", async () => {
    const issuer = new Issuer();
    const { connection } = await connected(issuer);
    const answer = await initialize(connection, await BoundAgent.of(issuer));
    expect(statusIn(answer)).toMatchObject({ verification_status: "verified", proof: "when-bound" });
    expect(textIn(await connection.request("tools/call", { name: "steer-clouds" }))).toBe("steered");
  });

  test.each([
    ["without a proof", async (agent: BoundAgent) => ({ token: agent.token })],
    [
      "with another key's proof",
      async (agent: BoundAgent) => {
        const thief = await BoundAgent.of(new Issuer());
        const { proof } = await thief.evidence({ method: "initialize", params: initializeParams() });
        return { token: agent.token, proof };
      },
    ],
    [
      "with a proof for another method",
      (agent: BoundAgent) => agent.evidence({ method: "tools/list", params: initializeParams() }),
    ],
    [
      "with a proof for other arguments",
      (agent: BoundAgent) =>
        agent.evidence({ method: "initialize", params: { protocolVersion: "2025-06-18" } }),
    ],
    [
      "with a proof of two minutes ago",
      (agent: BoundAgent) =>
        agent.evidence(
          { method: "initialize", params: initializeParams() },
          { clock: { now: () => Date.now() / 1000 - 120 } },
        ),
    ],
  ])("is refused, 1012, %s", async (_, evidenceOf) => {
    const issuer = new Issuer();
    const { connection } = await connected(issuer);
    const evidence = await evidenceOf(await BoundAgent.of(issuer));
    const params = initializeParams(undefined, { "security.attestation": { version: "0.1.0", ...evidence } });
    const answer = await connection.request("initialize", params);
    expect(codeIn(answer)).toBe(1012);
    expect(dataIn(answer)?.nonce).toBeUndefined();
    await expect.poll(() => connection.isClosed()).toBe(true);
  });

  test("is renewed by a token bound to the same key, and by no other", async () => {
    const issuer = new Issuer();
    const { connection } = await connected(issuer);
    const agent = await BoundAgent.of(issuer);
    await initialize(connection, agent);
    expect(textIn(await call(connection, await agent.renewed(issuer), "steer-clouds"))).toBe("steered");
    // Another agent of the same model: all its users share the default subject.
    expect(codeIn(await call(connection, await BoundAgent.of(issuer), "steer-clouds"))).toBe(1004);
    const _meta = { "security.attestation": { version: "0.1.0", token: await issuer.token() } };
    const unbound = await connection.request("tools/call", { name: "steer-clouds", _meta });
    expect(codeIn(unbound)).toBe(1004);
    expect(textIn(await connection.request("tools/call", { name: "steer-clouds" }))).toBe("steered");
  });

  test("is opened by no unbound token where proofs are always required", async () => {
    const issuer = new Issuer();
    const { connection } = await connected(issuer, { requireProof: "always" });
    const answer = await connection.request("initialize", initializeParams(await issuer.token()));
    expect(codeIn(answer)).toBe(1012);
    expect(dataIn(answer)).toMatchObject({ proof: "always", audience: [AUDIENCE] });
  });
});

describe("each request proven", () => {
  const EACH = { requireProof: ProofPolicy.EACH_REQUEST } as const;

  test("serves requests that carry their own proof, one token for all", async () => {
    const issuer = new Issuer();
    const { connection } = await connected(issuer, EACH);
    const agent = await BoundAgent.of(issuer);
    expect(statusIn(await initialize(connection, agent))).toMatchObject({ proof: "each-request" });
    for (let count = 0; count < 20; count++) {
      expect(textIn(await call(connection, agent, "steer-clouds"))).toBe("steered");
    }
  });

  test("refuses requests without evidence, guarded or not, but for ping", async () => {
    const issuer = new Issuer();
    const { connection } = await connected(issuer, EACH);
    await initialize(connection, await BoundAgent.of(issuer));
    expect(codeIn(await connection.request("tools/call", { name: "sky" }))).toBe(1009);
    expect(codeIn(await connection.request("tools/list"))).toBe(1009);
    expect(await connection.request("ping")).toMatchObject({ result: {} });
  });

  test("refuses a request that comes twice, another's proof, and another agent's request", async () => {
    const issuer = new Issuer();
    const { connection } = await connected(issuer, EACH);
    const agent = await BoundAgent.of(issuer);
    await initialize(connection, agent);
    const { method, params } = await agent.sign(callOf("steer-clouds"));
    expect(textIn(await connection.request(method, params))).toBe("steered");
    expect(codeIn(await connection.request(method, params))).toBe(1006);
    const other = await BoundAgent.of(issuer);
    expect(codeIn(await call(connection, other, "steer-clouds"))).toBe(1004);
    const stolen = { ...params, name: "who-am-i" };
    expect(codeIn(await connection.request(method, stolen))).toBe(1012);
  });

  test("serves the unattested under optional as nobody, and an attested session's requests with proofs alone", async () => {
    const issuer = new Issuer();
    const options = { ...EACH, policy: "optional" } as const;
    const { connection } = await connected(issuer, options);
    await connection.request("initialize", initializeParams());
    expect(textIn(await connection.request("tools/call", { name: "who-am-i" }))).toBe("nobody");
    const { connection: attested } = await connected(issuer, options);
    const agent = await BoundAgent.of(issuer);
    await initialize(attested, agent);
    expect(codeIn(await attested.request("tools/call", { name: "who-am-i" }))).toBe(1009);
    expect(textIn(await call(attested, agent, "who-am-i"))).toContain("spiffe://");
  });

  test("drops notifications without evidence, and hands on those with it", async () => {
    const issuer = new Issuer();
    const server = createWeatherServer(issuer.verifier(EACH));
    const heard = vi.fn();
    server.server.fallbackNotificationHandler = async ({ method }: { method: string }) =>
      heard(method, currentAttestation()?.verified);
    const connection = await connectRaw(server);
    const agent = await BoundAgent.of(issuer);
    await initialize(connection, agent);
    await connection.notify("notifications/bare", {});
    const { method, params } = await agent.sign({
      jsonrpc: "2.0",
      method: "notifications/signed",
      params: {},
    });
    await connection.notify(method, params);
    await expect.poll(() => heard.mock.calls).toEqual([["notifications/signed", true]]);
  });

  test("sends the server's requests in the course of a proven one, under an id that only its reader knows", async () => {
    const issuer = new Issuer();
    const server = createAttestingServer("asks", issuer.verifier(EACH), { version: "1" });
    server.registerTool("ask", {}, async (extra) => {
      const { content } = await extra.sendRequest(
        { method: "sampling/createMessage", params: { messages: [], maxTokens: 1 } },
        CreateMessageResultSchema,
      );
      return { content: [content as { type: "text"; text: string }] };
    });
    server.registerTool("ask-alone", {}, async () => {
      await server.server.createMessage({ messages: [], maxTokens: 1 });
      return { content: [] };
    });
    const connection = await connectRaw(server);
    const agent = await BoundAgent.of(issuer);
    const init = await agent.sign({
      jsonrpc: "2.0",
      method: "initialize",
      params: { ...initializeParams(), capabilities: { sampling: {} } },
    });
    await connection.request("initialize", init.params);
    const answered = call(connection, agent, "ask");
    const asked = () =>
      connection.received.find(
        (message) => "method" in message && message.method === "sampling/createMessage",
      ) as RequestMessage | undefined;
    await expect.poll(asked).toBeDefined();
    const id = asked()?.id;
    expect(id).toMatch(/^[A-Za-z0-9_-]{22}$/);
    const reply = (to: unknown, text: string) =>
      ({
        jsonrpc: "2.0",
        id: to,
        result: { model: "m", role: "assistant", content: { type: "text", text } },
      }) as JSONRPCMessage;
    // The id under which the server knows its request is small and easily guessed.
    for (const guess of [0, 1, 2, "0"]) await connection.send(reply(guess, "forged"));
    await connection.send(reply(id, "true"));
    expect(textIn(await answered)).toBe("true");
    expect(textIn(await call(connection, agent, "ask-alone"))).toContain("in the course of a request");
  });

  test("is an error beside sessionLifetime connection", () => {
    const verifier = new Issuer().verifier(EACH);
    expect(() =>
      attestServer(new McpServer({ name: "s", version: "1" }), { verifier, sessionLifetime: "connection" }),
    ).toThrow(/sessionLifetime "connection" contradicts requireProof "each-request"/);
  });
});

describe("a challenge without HTTP", () => {
  const challenge = hmacNonces({ key: new Uint8Array(32) });

  test.each(["required", "preferred", "optional"] as const)(
    "tells a nonce, and takes initialize once more with it, under %s",
    async (policy) => {
      const issuer = new Issuer();
      const { connection } = await connected(issuer, { challenge, policy });
      const agent = await BoundAgent.of(issuer);
      const sign = async (nonce?: string) =>
        (
          await agent.sign(
            { jsonrpc: "2.0", method: "initialize", params: initializeParams() },
            nonce === undefined ? {} : { nonce },
          )
        ).params;
      const first = await connection.request("initialize", await sign());
      expect(codeIn(first)).toBe(1012);
      const nonce = dataIn(first)?.nonce;
      expect(nonce).toBe(challenge.current());
      expect(connection.isClosed()).toBe(false);
      const again = await connection.requestAs(1, "initialize", await sign(nonce));
      expect(statusIn(again)).toMatchObject({ verification_status: "verified", nonce: challenge.current() });
      expect(textIn(await connection.request("tools/call", { name: "steer-clouds" }))).toBe("steered");
    },
  );

  test("takes it once more, no more often, and under no other id", async () => {
    const issuer = new Issuer();
    const { connection } = await connected(issuer, { challenge });
    const agent = await BoundAgent.of(issuer);
    const { params } = await agent.sign({ jsonrpc: "2.0", method: "initialize", params: initializeParams() });
    expect(codeIn(await connection.request("initialize", params))).toBe(1012);
    // Another id waits for the repetition, and is answered by its end.
    const other = connection.request("initialize", params);
    const again = await connection.requestAs(1, "initialize", params);
    expect(codeIn(again)).toBe(1012);
    expect(codeIn(await other)).toBe(1012);
    await expect.poll(() => connection.isClosed()).toBe(true);
  });

  test("ends a connection whose client does not come again in time", async () => {
    const issuer = new Issuer();
    const connection = await connectRaw(
      createWeatherServer(issuer.verifier({ challenge }), { verificationTimeoutSeconds: 0.2 }),
    );
    expect(codeIn(await initialize(connection, await BoundAgent.of(issuer)))).toBe(1012);
    await expect.poll(() => connection.isClosed()).toBe(true);
  });

  test("tells no nonce to who shows no proof at all", async () => {
    const issuer = new Issuer();
    const { connection } = await connected(issuer, { challenge });
    const { token } = await BoundAgent.of(issuer);
    const answer = await connection.request("initialize", initializeParams(token));
    expect(codeIn(answer)).toBe(1012);
    expect(dataIn(answer)?.nonce).toBeUndefined();
  });
});

describe("a demand that cannot be met", () => {
  test.each([
    ["endpoints", { endpoints: ["https://mcp.example.com/mcp"] }],
    ["bindUser", { bindUser: true }],
  ])("is an error for %s without HTTP, and lets nobody in", async (name, options) => {
    const issuer = new Issuer();
    const server = createWeatherServer(issuer.verifier(options));
    const onerror = vi.fn();
    server.server.onerror = onerror;
    const connection = await connectRaw(server);
    expect(codeIn(await initialize(connection, await BoundAgent.of(issuer)))).toBe(-32603);
    await expect.poll(() => connection.isClosed()).toBe(true);
    expect(onerror.mock.calls[0]?.[0].cause.message).toContain(`the verifier has ${name}`);
  });

  test.each([
    ["a challenge", { challenge: hmacNonces({ key: new Uint8Array(32) }) }],
    ['requireProof "each-request"', { requireProof: "each-request" }],
  ] as const)("is an error for %s behind another host of HTTP sessions", async (name, options) => {
    const issuer = new Issuer();
    const verifier = issuer.verifier(options);
    const onerror = vi.fn();
    const host = await startHttpHost(() => {
      const server = createWeatherServer(verifier);
      server.server.onerror = onerror;
      return server;
    });
    onTestFinished(() => host.close());
    const connection = await openRaw(new StreamableHTTPClientTransport(host.url) as Transport);
    expect(codeIn(await initialize(connection, await BoundAgent.of(issuer)))).toBe(-32603);
    expect(onerror.mock.calls[0]?.[0].cause.message).toMatch(
      new RegExp(`^the verifier has ${name}, .* use HttpSessions$`),
    );
    await expect.poll(() => host.sessions.size).toBe(0);
  });
});
