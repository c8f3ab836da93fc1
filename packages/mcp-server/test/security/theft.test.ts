import { fileURLToPath } from "node:url";
import type { ProofPolicy } from "@attest/core";
import { type Evidence, type RequestMessage, withEvidence } from "@attest/core/wire";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, onTestFinished, test } from "vitest";
import { HEADERS, listen, post, sessionsFor } from "../http/support/sessions.ts";
import { Issuer } from "../support/agents.ts";
import { BoundAgent } from "../support/bound-agent.ts";
import { initializeParams, openRaw, type RawConnection } from "../support/raw-connection.ts";
import { createWeatherServer } from "../support/weather-server.ts";

/** Ways to reach a weather server that trusts `issuer`: each call makes a connection of its own. */
type Reach = (issuer: Issuer, requireProof: ProofPolicy) => Promise<() => Promise<Transport>>;

const overHttp: Reach = async (issuer, requireProof) => {
  const url = await listen(sessionsFor(issuer, { verifier: issuer.verifier({ requireProof }) }));
  return async () => new StreamableHTTPClientTransport(url) as Transport;
};

const overStdio: Reach = async (issuer, requireProof) => async () => {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [fileURLToPath(new URL("../support/stdio-server.ts", import.meta.url))],
    env: {
      ISSUER_PEM: issuer.keyPair.toPem(),
      POLICY: "required",
      REQUIRE_PROOF: requireProof,
      NODE_NO_WARNINGS: "1",
    },
  });
  onTestFinished(() => transport.close());
  return transport;
};

const inMemory: Reach = async (issuer, requireProof) => {
  const verifier = issuer.verifier({ requireProof });
  return async () => {
    const [client, server] = InMemoryTransport.createLinkedPair();
    await createWeatherServer(verifier).connect(server);
    return client;
  };
};

const INITIALIZE = { jsonrpc: "2.0", method: "initialize", params: initializeParams() } as const;
const callOf = (name: string) =>
  ({ jsonrpc: "2.0", method: "tools/call", params: { name } }) as const satisfies Omit<RequestMessage, "id">;
const codeIn = (message: JSONRPCMessage) => ("error" in message ? message.error.code : undefined);
const textIn = (message: JSONRPCMessage) =>
  "result" in message ? (message.result as { content?: { text: string }[] }).content?.[0]?.text : undefined;

async function open(connect: () => Promise<Transport>): Promise<RawConnection> {
  return openRaw(await connect());
}

const sendAs = async (
  { request }: RawConnection,
  agent: BoundAgent,
  message: Omit<RequestMessage, "id">,
  overrides: Parameters<BoundAgent["sign"]>[1] = {},
) => {
  const { method, params } = await agent.sign(message, overrides);
  return request(method, params as Record<string, unknown>);
};

/** Sends a request with evidence of the thief's choice. */
const sendWith = ({ request }: RawConnection, message: Omit<RequestMessage, "id">, evidence: Evidence) => {
  const { method, params } = withEvidence(message, evidence);
  return request(method, params as Record<string, unknown>);
};

describe.each([
  ["HTTP", overHttp],
  ["stdio", overStdio],
  ["in memory", inMemory],
] as const)("Theft over %s", (_, reach) => {
  async function ready() {
    const issuer = new Issuer();
    const connection = await open(await reach(issuer, "each-request"));
    const agent = await BoundAgent.of(issuer);
    await sendAs(connection, agent, INITIALIZE);
    return { issuer, connection, agent };
  }

  test("bound token without proof, with another key's proof, with a proof for another token, server, method or arguments, with an old or used proof", async () => {
    const { issuer, connection, agent } = await ready();
    const call = callOf("steer-clouds");
    const thief = await BoundAgent.of(issuer);
    const own = await agent.evidence(call);
    const stolen: Evidence[] = [
      { token: agent.token },
      { token: agent.token, proof: (await thief.evidence(call)).proof },
      { token: (await agent.renewed(issuer)).token, proof: own.proof },
      await agent.evidence(call, { proves: { method: "tools/list", params: call.params } }),
      await agent.evidence(call, { proves: callOf("sky") }),
      await agent.evidence(call, { clock: { now: () => Date.now() / 1000 - 120 } }),
    ];
    for (const evidence of stolen) expect(codeIn(await sendWith(connection, call, evidence))).toBe(1012);
    const two = await BoundAgent.of(issuer, {
      audience: ["https://mcp.example.com", "https://other.example"],
    });
    const elsewhere = await two.evidence(call, { audience: "https://other.example" });
    expect(codeIn(await sendWith(connection, call, elsewhere))).toBe(1012);
    expect(textIn(await sendWith(connection, call, own))).toBe("steered");
    expect(codeIn(await sendWith(connection, call, own))).toBe(1006);
  });

  test("a relayed initialize", async () => {
    const issuer = new Issuer();
    const connect = await reach(issuer, "each-request");
    const agent = await BoundAgent.of(issuer);
    const relayed = await agent.evidence(INITIALIZE);
    // The thief holds the agent's initialize back, and has a session with it: of no use without the key.
    const connection = await open(connect);
    expect("result" in (await sendWith(connection, INITIALIZE, relayed))).toBe(true);
    expect(codeIn(await connection.request("tools/call", { name: "sky" }))).toBe(1009);
    expect(codeIn(await sendWith(connection, callOf("sky"), relayed))).toBe(1012);
    const thief = await BoundAgent.of(issuer);
    expect(codeIn(await sendAs(connection, thief, callOf("sky")))).toBe(1004);
  });

  test("a bound session renewed by an unbound token or another key", async () => {
    const issuer = new Issuer();
    const connection = await open(await reach(issuer, "when-bound"));
    const agent = await BoundAgent.of(issuer);
    await sendAs(connection, agent, INITIALIZE);
    const call = callOf("steer-clouds");
    expect(codeIn(await sendWith(connection, call, { token: await issuer.token() }))).toBe(1004);
    expect(codeIn(await sendAs(connection, await BoundAgent.of(issuer), call))).toBe(1004);
    expect(textIn(await sendAs(connection, await agent.renewed(issuer), call))).toBe("steered");
  });

  test("evidence in two places", async () => {
    const issuer = new Issuer();
    const connection = await open(await reach(issuer, "when-bound"));
    const agent = await BoundAgent.of(issuer);
    const { params } = await agent.sign(INITIALIZE);
    const other = await agent.evidence(INITIALIZE);
    const _meta = { "security.attestation": { version: "0.1.0", ...other } };
    expect(codeIn(await connection.request("initialize", { ...params, _meta }))).toBe(1008);
  });
});

describe("Theft over HTTP alone", () => {
  async function ready() {
    const issuer = new Issuer();
    const sessions = sessionsFor(issuer, { verifier: issuer.verifier({ requireProof: "each-request" }) });
    const agent = await BoundAgent.of(issuer);
    const opened = await sessions.handle(post(await agent.sign({ ...INITIALIZE, id: 1 })));
    await opened.text();
    const session = { "mcp-session-id": opened.headers.get("mcp-session-id") ?? "" };
    return { issuer, sessions, agent, session };
  }

  test("a stolen session id", async () => {
    const { sessions, session } = await ready();
    const response = await sessions.handle(post({ ...callOf("steer-clouds"), id: 2 }, session));
    expect(await response.text()).toContain('"reason":"attestation_required"');
  });

  test("evidence in headers", async () => {
    const { sessions, agent, session } = await ready();
    const call = { ...callOf("steer-clouds"), id: 2 };
    const { token, proof } = await agent.evidence(call);
    const headers = {
      ...session,
      authorization: `DPoP ${token}`,
      dpop: proof ?? "",
      "security-attestation": token,
      "x-attestation-proof": proof ?? "",
    };
    const response = await sessions.handle(post(call, headers));
    expect(await response.text()).toContain('"reason":"attestation_required"');
  });

  test("duplicate members smuggled past the hash", async () => {
    const { sessions, agent, session } = await ready();
    const signed = JSON.stringify(await agent.sign({ ...callOf("who-am-i"), id: 2 }));
    // Parsers that take the first of two members would run another tool than was proven.
    for (const smuggled of [
      signed.replace('"name":"who-am-i"', '"name":"steer-clouds","name":"who-am-i"'),
      signed.replace('"name":"who-am-i"', '"name":"who-am-i","name":"steer-clouds"'),
    ]) {
      const text = await (await sessions.handle(post(smuggled, session))).text();
      expect(text).not.toContain("steered");
    }
    const escaped = signed.replace('"name":"who-am-i"', '"n\\u0061me":"steer-clouds","name":"who-am-i"');
    expect(await (await sessions.handle(post(escaped, session))).text()).not.toContain("steered");
  });

  test("relayed by a server of the same audience name", async () => {
    const issuer = new Issuer();
    const endpoints = ["https://mcp.example.com/mcp"];
    const sessions = sessionsFor(issuer, { verifier: issuer.verifier({ endpoints }) });
    const agent = await BoundAgent.of(issuer);
    const serve = async (url: string | undefined) => {
      const signed = await agent.sign({ ...INITIALIZE, id: 1 }, url === undefined ? {} : { url });
      return (await sessions.handle(post(signed))).text();
    };
    // Whatever the relay says of hosts: nobody asks Host or X-Forwarded-Host.
    expect(await serve("https://relay.example.com/mcp")).toContain('"reason":"invalid_proof"');
    expect(await serve("https://mcp.example.com/other")).toContain('"reason":"invalid_proof"');
    expect(await serve(undefined)).toContain('"reason":"invalid_proof"');
    expect(await serve("https://user:pw@MCP.example.com:443/mcp?a=1#b")).toContain('"verified"');
  });

  test("a thief who listens, resumes or deletes by a stolen session id", async () => {
    const { sessions, session } = await ready();
    for (const [method, headers] of [
      ["GET", {}],
      ["GET", { "last-event-id": "1" }],
      ["DELETE", {}],
    ] as const) {
      const request = new Request("http://127.0.0.1/mcp", {
        method,
        headers: { host: "localhost", ...HEADERS, ...session, ...headers },
      });
      expect((await sessions.handle(request)).status).toBe(405);
    }
    expect(sessions.size).toBe(1);
  });
});
