import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type AttestationVerifierOptions, hmacNonces } from "@attest/core";
import type { RequestMessage } from "@attest/core/wire";
import { currentAttestation, type GateEvent } from "@attest/mcp-server";
import { StatelessHttp, type StatelessHttpOptions, toNodeHandler } from "@attest/mcp-server/http";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { AUDIENCE, Issuer, sonnet } from "../support/agents.ts";
import { BoundAgent } from "../support/bound-agent.ts";
import { initializeParams } from "../support/raw-connection.ts";
import { createWeatherServer } from "../support/weather-server.ts";
import { HEADERS, post, URL_OF_MCP } from "./support/sessions.ts";

type Options = Partial<StatelessHttpOptions>;

function statelessFor(
  issuer: Issuer,
  options: Options = {},
  verifierOptions: Partial<AttestationVerifierOptions> = {},
) {
  const verifier = options.verifier ?? issuer.verifier(verifierOptions);
  const http = new StatelessHttp({ createServer: () => createWeatherServer(verifier), verifier, ...options });
  onTestFinished(() => http.close());
  return http;
}

const callOf = (name: string, id: number | string = 7) =>
  ({ jsonrpc: "2.0", id, method: "tools/call", params: { name } }) as const satisfies RequestMessage;

/** The message in an answer, which is an event stream or JSON. */
async function messageIn(response: Response): Promise<Record<string, never>> {
  const text = await response.text();
  const json = text.startsWith("{") ? text : (/^data: (.*)$/m.exec(text)?.[1] ?? "null");
  return JSON.parse(json);
}

const answerTo = async (http: StatelessHttp, body: unknown, extra?: Parameters<StatelessHttp["handle"]>[1]) =>
  messageIn(await http.handle(post(body), extra));

describe("StatelessHttp", () => {
  test.each([false, true])(
    "serves each request for the agent that proves it, one token for all, with enableJsonResponse %s",
    async (enableJsonResponse) => {
      const issuer = new Issuer();
      const http = statelessFor(issuer, { enableJsonResponse });
      const agent = await BoundAgent.of(issuer);
      const initialize = { jsonrpc: "2.0", id: 1, method: "initialize", params: initializeParams() } as const;
      const response = await http.handle(post(await agent.sign(initialize)));
      expect(response.headers.get("mcp-session-id")).toBeNull();
      const { result } = await messageIn(response);
      expect(result).toMatchObject({
        capabilities: {
          experimental: {
            "security.attestation": { verification_status: "verified", proof: "each-request" },
          },
        },
      });
      for (let count = 0; count < 10; count++) {
        const answer = await answerTo(http, await agent.sign(callOf("steer-clouds")));
        expect(answer).toMatchObject({ result: { content: [{ text: "steered" }] } });
      }
      await expect.poll(() => http.size).toBe(0);
    },
  );

  test("makes nothing for a stranger, whatever he presents", async () => {
    const issuer = new Issuer();
    const createServer = vi.fn();
    const events: GateEvent[] = [];
    const http = statelessFor(issuer, { createServer, observer: { record: (event) => events.push(event) } });
    const agent = await BoundAgent.of(issuer);
    const { token, proof } = await agent.evidence(callOf("sky"));
    const withEvidence = (evidence: object) => ({
      ...callOf("steer-clouds"),
      params: { name: "steer-clouds", _meta: { "security.attestation": evidence } },
    });
    const answers = await Promise.all(
      [
        callOf("sky"),
        { jsonrpc: "2.0", id: 1, method: "initialize", params: initializeParams() },
        { jsonrpc: "2.0", id: 1, method: "no/such/method" },
        withEvidence({ token }),
        withEvidence({ token, proof }),
        withEvidence({ token: "a.b.c", proof }),
        withEvidence({ token, proof: "a.b.c" }),
      ].map((body) => answerTo(http, body)),
    );
    expect(answers.map(({ error }: { error?: { code: number } }) => error?.code)).toEqual([
      1009, 1009, 1009, 1012, 1012, 1008, 1012,
    ]);
    expect(answers[0]).toMatchObject({ error: { data: { proof: "each-request", audience: [AUDIENCE] } } });
    expect(createServer).not.toHaveBeenCalled();
    expect(events).toContainEqual(
      expect.objectContaining({ type: "denied", method: "tools/call", target: "sky" }),
    );
  });

  test("answers ping, and takes notifications and answers without making anything for them", async () => {
    const createServer = vi.fn();
    const http = statelessFor(new Issuer(), { createServer });
    expect(await answerTo(http, { jsonrpc: "2.0", id: 3, method: "ping" })).toEqual({
      jsonrpc: "2.0",
      id: 3,
      result: {},
    });
    for (const body of [
      { jsonrpc: "2.0", method: "notifications/initialized" },
      { jsonrpc: "2.0", id: 1, result: {} },
    ]) {
      expect((await http.handle(post(body))).status).toBe(202);
    }
    expect(createServer).not.toHaveBeenCalled();
  });

  test.each([
    ["GET", new Request(URL_OF_MCP, { headers: { host: "localhost", ...HEADERS } }), 405, "POST"],
    ["DELETE", new Request(URL_OF_MCP, { method: "DELETE", headers: { host: "localhost" } }), 405, "POST"],
    ["a batch", post([callOf("sky")]), 400, null],
    ["no message", post({ hello: 1 }), 400, null],
    ["another host", post(callOf("sky"), { host: "evil.example" }), 403, null],
    ["another media type", post(callOf("sky"), { accept: "text/html" }), 406, null],
  ])("refuses %s", async (_, request, status, allow) => {
    const response = await statelessFor(new Issuer()).handle(request);
    expect(response.status).toBe(status);
    expect(response.headers.get("allow")).toBe(allow);
    expect(await response.json()).toMatchObject({ jsonrpc: "2.0", id: null });
  });

  test("refuses what comes twice, on two servers with one replay cache too", async () => {
    const issuer = new Issuer();
    const verifier = issuer.verifier();
    const [one, two] = [statelessFor(issuer, { verifier }), statelessFor(issuer, { verifier })];
    const signed = await (await BoundAgent.of(issuer)).sign(callOf("steer-clouds"));
    const answers = await Promise.all([one, two, one, two].map((http) => answerTo(http, signed)));
    expect(answers.filter((answer) => "result" in answer)).toHaveLength(1);
    expect(answers.filter(({ error }: { error?: { code: number } }) => error?.code === 1006)).toHaveLength(3);
  });

  test("tells a nonce, with which the same request passes", async () => {
    const issuer = new Issuer();
    const challenge = hmacNonces({ key: new Uint8Array(32) });
    for (const policy of ["required", "preferred", "optional"] as const) {
      const http = statelessFor(issuer, {}, { challenge, policy });
      const agent = await BoundAgent.of(issuer);
      const { error } = await answerTo(http, await agent.sign(callOf("steer-clouds")));
      expect(error).toMatchObject({ code: 1012, data: { nonce: challenge.current() } });
      const { nonce } = (error as unknown as { data: { nonce: string } }).data;
      const again = await answerTo(http, await agent.sign(callOf("steer-clouds"), { nonce }));
      expect(again).toMatchObject({ result: { content: [{ text: "steered" }] } });
    }
  });

  test("refuses a proof for another endpoint, and one with another user's access token", async () => {
    const issuer = new Issuer();
    const http = statelessFor(issuer, {}, { endpoints: ["https://mcp.example.com/mcp"], bindUser: true });
    const agent = await BoundAgent.of(issuer);
    const [url, accessToken] = ["https://mcp.example.com/mcp", "alices-token"];
    const user = { authInfo: { token: accessToken, clientId: "c", scopes: [] } };
    const serve = async (overrides: object, extra: object = user) =>
      answerTo(http, await agent.sign(callOf("steer-clouds"), overrides), extra);
    expect(await serve({ url, accessToken })).toMatchObject({ result: { content: [{ text: "steered" }] } });
    for (const [overrides, extra] of [
      [{ url: "https://other.example.com/mcp", accessToken }],
      [{ accessToken }],
      [{ url }],
      [{ url, accessToken: "malorys-token" }],
      [{ url, accessToken }, {}],
      [{ url, accessToken }, { authInfo: { token: "malorys-token" } }],
    ] as const) {
      expect(await serve(overrides, extra)).toMatchObject({ error: { code: 1012 } });
    }
  });

  test("serves everybody under optional, each as who he is", async () => {
    const issuer = new Issuer();
    const http = statelessFor(issuer, {}, { policy: "optional" });
    expect(await answerTo(http, callOf("who-am-i"))).toMatchObject({
      result: { content: [{ text: "nobody" }] },
    });
    const agent = await BoundAgent.of(issuer);
    const own = await answerTo(http, await agent.sign(callOf("who-am-i")));
    expect(own).toMatchObject({ result: { content: [{ text: sonnet.toSpiffeId() }] } });
    const stolen = await answerTo(http, {
      ...callOf("who-am-i"),
      params: { name: "who-am-i", _meta: { "security.attestation": { token: agent.token } } },
    });
    expect(stolen).toMatchObject({ result: { content: [{ text: "nobody" }] } });
  });

  test("never mixes agents who call at once", async () => {
    const issuer = new Issuer();
    const http = statelessFor(issuer);
    const agents = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        BoundAgent.of(issuer, { subject: `spiffe://anthropic.com/agent/${index}` }),
      ),
    );
    await Promise.all(
      agents.flatMap((agent, index) =>
        [1, 2, 3].map(async () => {
          const answer = await answerTo(http, await agent.sign(callOf("who-am-i")));
          expect(answer).toMatchObject({
            result: { content: [{ text: `spiffe://anthropic.com/agent/${index}` }] },
          });
        }),
      ),
    );
  });

  test("ends the oldest request of the greediest agent when another has no room, and says 503 to who has his share", async () => {
    const issuer = new Issuer();
    const verifier = issuer.verifier();
    const ended = vi.fn();
    const createServer = () => {
      const server = new McpServer({ name: "hanging", version: "1" });
      server.registerTool("hang", {}, ({ signal }) => {
        const who = currentAttestation()?.subject;
        signal.addEventListener("abort", () => ended(who));
        return new Promise(() => undefined);
      });
      return server;
    };
    const http = statelessFor(issuer, {
      verifier,
      createServer,
      limits: { openRequests: 4, openRequestsPerAgent: 2 },
    });
    const [greedy, modest] = [
      await BoundAgent.of(issuer, { subject: "spiffe://anthropic.com/greedy" }),
      await BoundAgent.of(issuer, { subject: "spiffe://anthropic.com/modest" }),
    ];
    const hang = async (agent: BoundAgent) => http.handle(post(await agent.sign(callOf("hang"))));
    for (let count = 0; count < 4; count++) expect((await hang(greedy)).status).toBe(200);
    const refused = await hang(greedy);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
    expect((await hang(modest)).status).toBe(200);
    await expect.poll(() => ended.mock.calls).toEqual([["spiffe://anthropic.com/greedy"]]);
    expect(http.size).toBe(4);
    await http.close();
    expect(http.size).toBe(0);
    expect((await hang(modest)).status).toBe(503);
  });

  test("ends the request of a client that goes away, and one that takes too long", async () => {
    const issuer = new Issuer();
    const aborted = vi.fn();
    const createServer = () => {
      const server = new McpServer({ name: "hanging", version: "1" });
      server.registerTool("hang", {}, ({ signal }) => {
        signal.addEventListener("abort", () => aborted());
        return new Promise(() => undefined);
      });
      return server;
    };
    const http = statelessFor(issuer, { createServer, requestTimeoutSeconds: 0.3 });
    const url = await listen(http);
    const agent = await BoundAgent.of(issuer);
    const controller = new AbortController();
    const body = JSON.stringify(await agent.sign(callOf("hang")));
    const gone = fetch(url, { method: "POST", headers: HEADERS, body, signal: controller.signal });
    await expect.poll(() => http.size).toBe(1);
    await gone;
    controller.abort();
    await expect.poll(() => http.size).toBe(0);
    expect(aborted).toHaveBeenCalledOnce();
    const slow = await fetch(url, {
      method: "POST",
      headers: HEADERS,
      body: JSON.stringify(await agent.sign(callOf("hang"))),
    });
    await slow.text();
    expect(aborted).toHaveBeenCalledTimes(2);
  });

  test.each([
    ["a misspelt option", { requestTimeoutSecond: 1 }, /did you mean "requestTimeoutSeconds"/],
    ["an option of sessions", { sessionIdPrefix: "a" }, /unknown option "sessionIdPrefix"/],
    ["a verifier's option", { audience: "x" }, /belongs to the verifier/],
    ["a limit that is none", { limits: { sessions: 1 } }, /unknown option "sessions"/],
    ["limits that contradict one another", { limits: { bytesInFlight: 1 } }, /at least limits.bodyBytes/],
  ])("throws for %s", (_, options, message) => {
    expect(() => statelessFor(new Issuer(), options as Options)).toThrow(message);
  });

  test("refuses a server of another verifier, which would have a replay cache of its own", async () => {
    const issuer = new Issuer();
    const onerror = vi.fn();
    const http = statelessFor(issuer, {
      createServer: () => createWeatherServer(issuer.verifier()),
      onerror,
    });
    const agent = await BoundAgent.of(issuer);
    const response = await http.handle(post(await agent.sign(callOf("sky"))));
    expect(response.status).toBe(500);
    expect(onerror.mock.calls[0]?.[0].message).toContain("than the one that StatelessHttp was given");
    expect(http.size).toBe(0);
  });
});

/** Serves `http` by Node's own server. */
async function listen(http: StatelessHttp): Promise<URL> {
  const server = createServer(toNodeHandler(http.handle));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
}
