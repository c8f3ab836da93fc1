import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { AttestingClientSession } from "@attest/mcp-client";
import { currentAttestation } from "@attest/mcp-server";
import { HttpSessions, type HttpSessionsOptions, toNodeHandler } from "@attest/mcp-server/http";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { EventStore } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { Issuer } from "../support/agents.ts";
import { initializeParams } from "../support/raw-connection.ts";
import { createWeatherServer } from "../support/weather-server.ts";

const URL_OF_MCP = "http://127.0.0.1/mcp";

function sessionsFor(issuer: Issuer, options: Partial<HttpSessionsOptions> = {}): HttpSessions {
  const verifier = issuer.verifier();
  const sessions = new HttpSessions({ createServer: () => createWeatherServer(verifier), ...options });
  onTestFinished(() => sessions.close());
  return sessions;
}

function post(body: unknown, headers: Record<string, string> = {}): Request {
  return new Request(URL_OF_MCP, {
    method: "POST",
    headers: {
      host: "127.0.0.1:8080",
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

const initialize = (token?: string) => ({
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: initializeParams(token),
});
const call = { jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "steer-clouds" } };

async function open(sessions: HttpSessions, issuer: Issuer): Promise<string> {
  const response = await sessions.handle(post(initialize(await issuer.token())));
  expect(await response.text()).toContain("verified");
  return response.headers.get("mcp-session-id") ?? "";
}

/** The sessions behind Node's own HTTP server. */
async function listen(sessions: HttpSessions): Promise<URL> {
  const server = createServer(toNodeHandler(sessions.handle));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
}

describe("HttpSessions", () => {
  test("serves attested agents over node:http, each in a session of its own, and forgets it when it ends", async () => {
    const issuer = new Issuer();
    const sessions = sessionsFor(issuer);
    const url = await listen(sessions);
    const agents = await Promise.all(
      [1, 2, 3].map(async () => {
        const transport = new StreamableHTTPClientTransport(url);
        const agent = new AttestingClientSession(
          { name: "a", version: "1" },
          { getToken: () => issuer.token() },
        );
        onTestFinished(() => agent.close());
        await agent.connect(transport as Transport);
        return { agent, transport };
      }),
    );
    expect(sessions.size).toBe(3);
    for (const { agent, transport } of agents) {
      await expect(agent.callTool({ name: "steer-clouds" })).resolves.toMatchObject({
        content: [{ text: "steered" }],
      });
      await transport.terminateSession();
    }
    expect(sessions.size).toBe(0);
  });

  test("keeps nothing of a refused initialize", async () => {
    const sessions = sessionsFor(new Issuer());
    const refused = await sessions.handle(post(initialize("a.b.c")));
    expect(await refused.text()).toContain("1008");
    const sessionId = refused.headers.get("mcp-session-id") ?? "";
    await vi.waitFor(() => expect(sessions.size).toBe(0));
    expect((await sessions.handle(post(call, { "mcp-session-id": sessionId }))).status).toBe(404);
  });

  test("opens at most maxSessions, also when more come at once, and one more when one has ended", async () => {
    const issuer = new Issuer();
    const sessions = sessionsFor(issuer, { maxSessions: 3 });
    const tokens = await Promise.all(Array.from({ length: 10 }, () => issuer.token()));
    const answers = await Promise.all(tokens.map((token) => sessions.handle(post(initialize(token)))));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
    expect(answers.filter(({ status }) => status === 503)).toHaveLength(7);
    const [first] = answers.filter(({ status }) => status === 200);
    const id = first?.headers.get("mcp-session-id") ?? "";
    await first?.text();
    const ended = new Request(URL_OF_MCP, {
      method: "DELETE",
      headers: { host: "localhost", "mcp-session-id": id },
    });
    expect((await sessions.handle(ended)).status).toBe(200);
    expect(sessions.size).toBe(2);
    await open(sessions, issuer);
    expect(sessions.size).toBe(3);
  });

  test("closes a session that goes without a request for idleTimeoutSeconds, and not one that is used", async () => {
    const issuer = new Issuer();
    const sessions = sessionsFor(issuer, { idleTimeoutSeconds: 2 });
    const [idle, used] = [await open(sessions, issuer), await open(sessions, issuer)];
    for (let round = 0; round < 6; round++) {
      await new Promise((resolve) => setTimeout(resolve, 400));
      const answer = await sessions.handle(post({ ...call, id: 10 + round }, { "mcp-session-id": used }));
      expect(await answer.text()).toContain("steered");
    }
    expect(sessions.size).toBe(1);
    expect((await sessions.handle(post(call, { "mcp-session-id": idle }))).status).toBe(404);
  });

  test.each([
    [{ host: "evil.example" }, "a name that was made to point here"],
    [{ host: "" }, "no host"],
    [{ host: "127.0.0.1.evil.example" }, "a name that looks like ours"],
    [{ origin: "https://evil.example" }, "a page of another origin"],
    [{ origin: "null" }, "a page of no origin"],
    [{ origin: "http://127.0.0.1:8081" }, "a page of another port"],
    [{ origin: "http://localhost:8080" }, "a page of another name"],
    [{ origin: "http://127.0.0.1:8080@evil.example" }, "an origin that only begins as ours"],
    [{ host: "evil.example", origin: "http://evil.example" }, "a page whose name was made to point here"],
    [{ host: "", origin: "file://" }, "a page from disk"],
  ] as readonly (readonly [Record<string, string>, string])[])("refuses, 403, %j: %s", async (headers) => {
    const sessions = sessionsFor(new Issuer());
    expect((await sessions.handle(post(initialize(), headers))).status).toBe(403);
  });

  test("lets pages of its own host and port in, unless any host is served", async () => {
    const issuer = new Issuer();
    const headers = { host: "127.0.0.1:8080", origin: "http://127.0.0.1:8080" };
    const answer = await sessionsFor(issuer).handle(post(initialize(await issuer.token()), headers));
    expect(await answer.text()).toContain("verified");
    const open = sessionsFor(issuer, { allowedHosts: null });
    expect((await open.handle(post(initialize(), headers))).status).toBe(403);
  });

  test("lets hosts and origins in that are named, whatever their port and case", async () => {
    const issuer = new Issuer();
    const sessions = sessionsFor(issuer, {
      allowedHosts: ["mcp.example.com"],
      allowedOrigins: ["https://app.example.com"],
    });
    const headers = { host: "MCP.example.com:8443", origin: "https://app.example.com" };
    const answer = await sessions.handle(post(initialize(await issuer.token()), headers));
    expect(await answer.text()).toContain("verified");
    expect((await sessions.handle(post(initialize()))).status).toBe(403);
  });

  test("refuses, 413, a body of a byte more than maxBodyBytes, declared or not", async () => {
    const body = JSON.stringify(initialize());
    const exact = sessionsFor(new Issuer(), { maxBodyBytes: Buffer.byteLength(body) });
    expect((await exact.handle(post(body))).status).toBe(200);
    const short = sessionsFor(new Issuer(), { maxBodyBytes: Buffer.byteLength(body) - 1 });
    expect((await short.handle(post(body))).status).toBe(413);
    expect((await short.handle(post(body, { "content-length": "9999999" }))).status).toBe(413);
  });

  test.each([
    ["not JSON", "{", 400],
    ["no initialize", call, 400],
    ["a batch", [initialize()], 400],
    ["null", "null", 400],
  ])("refuses a first request that is %s, without making a server for it", async (_, body, status) => {
    const createServer = vi.fn();
    const sessions = new HttpSessions({ createServer });
    expect((await sessions.handle(post(body))).status).toBe(status);
    expect(createServer).not.toHaveBeenCalled();
  });

  test("holds neither server nor session for a request whose body does not come, and refuses it in time", async () => {
    const createServer = vi.fn();
    const sessions = new HttpSessions({ createServer, bodyTimeoutSeconds: 0.2 });
    const url = await listen(sessions);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const slow = httpRequest(
        url,
        { method: "POST", headers: { "content-length": "100" } },
        ({ statusCode }) => resolve(statusCode),
      );
      slow.on("error", reject);
      slow.write("{");
    });
    expect(status).toBe(408);
    expect(createServer).not.toHaveBeenCalled();
    expect(sessions.size).toBe(0);
  });

  test("takes a body that Express has parsed already", async () => {
    const issuer = new Issuer();
    const sessions = sessionsFor(issuer);
    const server = createServer(async (incoming, outgoing) => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      // What express.json() leaves behind: the stream is read, its content in `body`.
      const parsed = Object.assign(incoming, {
        body: JSON.parse(Buffer.concat(chunks).toString()) as unknown,
      });
      await toNodeHandler(sessions.handle)(parsed, outgoing);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const answer = await fetch(`http://127.0.0.1:${port}/mcp`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
      body: JSON.stringify(initialize(await issuer.token())),
    });
    expect(await answer.text()).toContain("verified");
  });

  test("answers 500 without a word about it when a server cannot be made, tells onerror, and keeps serving", async () => {
    const issuer = new Issuer();
    const verifier = issuer.verifier();
    const createServer = vi.fn(() => createWeatherServer(verifier));
    createServer.mockImplementationOnce(() => {
      throw new Error("database password is hunter2");
    });
    const onerror = vi.fn();
    const url = await listen(new HttpSessions({ createServer, maxSessions: 1, onerror }));
    const send = async () => {
      const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
      const answer = await fetch(url, {
        method: "POST",
        headers,
        body: JSON.stringify(initialize(await issuer.token())),
      });
      return { status: answer.status, text: await answer.text() };
    };
    const failed = await send();
    expect(failed.status).toBe(500);
    expect(failed.text).not.toContain("hunter2");
    expect(onerror).toHaveBeenCalledExactlyOnceWith(new Error("database password is hunter2"));
    expect((await send()).text).toContain("verified");
  });

  test("closes its sessions and refuses, 503, what comes after", async () => {
    const issuer = new Issuer();
    const sessions = sessionsFor(issuer);
    await open(sessions, issuer);
    await sessions.close();
    expect(sessions.size).toBe(0);
    expect((await sessions.handle(post(initialize()))).status).toBe(503);
  });

  test("throws for options that are wrong, naming them", () => {
    const createServer = () => createWeatherServer(new Issuer().verifier());
    expect(() => new HttpSessions({} as HttpSessionsOptions)).toThrow(/createServer/);
    expect(() => new HttpSessions({ createServer, maxSessions: 0 })).toThrow(/maxSessions/);
    expect(() => new HttpSessions({ createServer, allowedHosts: "localhost" as never })).toThrow(
      /allowedHosts/,
    );
    expect(() => new HttpSessions({ createServer, maxSession: 5 } as never)).toThrow(
      /unknown option "maxSession"/,
    );
    expect(() => new HttpSessions({ createServer, idleTimeoutSeconds: 1e9 })).toThrow(/idleTimeoutSeconds/);
    for (const host of ["127.0.0.1:80", "https://mcp.example.com", "*", "mcp.example.com/"]) {
      expect(() => new HttpSessions({ createServer, allowedHosts: [host] })).toThrow(/without ports/);
    }
    for (const origin of ["app.example.com", "https://app.example.com/", "*", "null"]) {
      expect(() => new HttpSessions({ createServer, allowedOrigins: [origin] })).toThrow(/such as https:/);
    }
    expect(() => new HttpSessions({ createServer, enableJsonResponse: "false" as never })).toThrow(
      /enableJsonResponse/,
    );
    expect(() => toNodeHandler({} as never)).toThrow(/such as sessions.handle/);
  });
});

describe("HttpSessions with an event store", () => {
  const eventStore = (): EventStore => {
    const events: (readonly [streamId: string, message: JSONRPCMessage])[] = [];
    return {
      storeEvent: async (streamId, message) => String(events.push([streamId, message]) - 1),
      replayEventsAfter: async (lastEventId, { send }) => {
        const [streamId = ""] = events[Number(lastEventId)] ?? [];
        for (const [index, [stream, message]] of events.entries()) {
          if (stream === streamId && index > Number(lastEventId)) await send(String(index), message);
        }
        return streamId;
      },
    };
  };
  const eventsOf = async (response: Response, until: string) => {
    let text = "";
    for await (const chunk of response.body ?? []) {
      text += new TextDecoder().decode(chunk);
      if (text.includes(until)) break;
    }
    return text;
  };
  const resume = (sessions: HttpSessions, sessionId: string, lastEventId: string) =>
    sessions.handle(
      new Request(URL_OF_MCP, {
        headers: {
          host: "localhost",
          accept: "text/event-stream",
          "mcp-session-id": sessionId,
          "last-event-id": lastEventId,
        },
      }),
    );

  test("lets a client resume its own stream, where the call goes on as the same agent's, and nobody else's", async () => {
    const issuer = new Issuer();
    const verifier = issuer.verifier();
    const { promise: broken, resolve: breakOff } = Promise.withResolvers<void>();
    const createServer = () => {
      const server = createWeatherServer(verifier);
      server.registerTool("slow", {}, async ({ sendNotification }) => {
        await sendNotification({
          method: "notifications/progress",
          params: { progressToken: 1, progress: 1, message: "begun" },
        });
        await broken;
        return { content: [{ type: "text", text: `slow for ${currentAttestation()?.subject}` }] };
      });
      return server;
    };
    const sessions = sessionsFor(issuer, { createServer, createEventStore: eventStore });
    const [own, other] = [await open(sessions, issuer), await open(sessions, issuer)];
    const slow = { ...call, params: { name: "slow" } };
    const headers = { "mcp-session-id": own, "mcp-protocol-version": "2025-11-25" };
    const begun = await eventsOf(await sessions.handle(post(slow, headers)), "begun");
    const lastEventId = [...begun.matchAll(/^id: (.+)$/gm)].at(-1)?.[1] ?? "";
    expect(begun).toContain("begun");

    const stranger = (await resume(sessions, other, lastEventId)).text();
    const resumed = await resume(sessions, own, lastEventId);
    breakOff();
    expect(await eventsOf(resumed, "slow for")).toContain("slow for spiffe://anthropic.com/");
    await sessions.close();
    expect(await stranger).not.toContain("slow");
  });
});

describe("HttpSessions, attacked,", () => {
  const hanging = (options: Partial<HttpSessionsOptions> = {}) => {
    const issuer = new Issuer();
    const verifier = issuer.verifier();
    const createServer = () => {
      const server = createWeatherServer(verifier);
      server.registerTool("hang", {}, () => new Promise(() => undefined));
      return server;
    };
    return { issuer, sessions: sessionsFor(issuer, { createServer, ...options }) };
  };
  const hang = (id: number | string) => ({ ...call, id, params: { name: "hang" } });
  const cancel = (requestId: number | string) => ({
    jsonrpc: "2.0",
    method: "notifications/cancelled",
    params: { requestId },
  });

  test.each([false, true])(
    "ends a cancelled call's response, so that nothing of it stays (enableJsonResponse: %s)",
    async (enableJsonResponse) => {
      const { issuer, sessions } = hanging({ enableJsonResponse, maxOpenRequests: 2 });
      const headers = { "mcp-session-id": await open(sessions, issuer) };
      for (let id = 10; id < 20; id++) {
        const response = sessions.handle(post(hang(id), headers));
        await new Promise((resolve) => setImmediate(resolve));
        expect((await sessions.handle(post(cancel(id), headers))).status).toBe(202);
        expect(await (await response).text()).toContain('"Request cancelled"');
      }
      const again = await sessions.handle(post(call, headers));
      expect(await again.text()).toContain("steered");
    },
  );

  test("ends calls that are cancelled in the same batch", async () => {
    const { issuer, sessions } = hanging({ enableJsonResponse: true });
    const headers = { "mcp-session-id": await open(sessions, issuer), "mcp-protocol-version": "2025-03-26" };
    const answer = await sessions.handle(post([hang("a"), cancel("a")], headers));
    expect(await answer.json()).toMatchObject({ id: "a", error: { message: "Request cancelled" } });
    const before = await sessions.handle(post([cancel("b"), hang("b")], headers));
    expect(await before.json()).toMatchObject({ id: "b", error: { message: "Request cancelled" } });
    const again = await sessions.handle(post(call, headers));
    expect(await again.text()).toContain("steered");
  });

  test("answers a request once that is cancelled and refused", async () => {
    const { issuer, sessions } = hanging({});
    const headers = { "mcp-session-id": await open(sessions, issuer), "mcp-protocol-version": "2025-03-26" };
    const renewing = {
      ...call,
      params: { ...call.params, _meta: { "security.attestation": { version: "0.1.0", token: "a.b.c" } } },
    };
    const answer = await sessions.handle(post([cancel(2), renewing], headers));
    expect((await answer.text()).match(/"id":2/g)).toHaveLength(1);
  });

  test("holds at most maxOpenRequests unanswered requests of a session, and none that its transport refused", async () => {
    const { issuer, sessions } = hanging({ maxOpenRequests: 2 });
    const headers = { "mcp-session-id": await open(sessions, issuer) };
    for (let id = 10; id < 20; id++) {
      expect((await sessions.handle(post(hang(id), { ...headers, accept: "text/html" }))).status).toBe(406);
    }
    expect((await sessions.handle(post(hang(20), headers))).status).toBe(200);
    expect((await sessions.handle(post(hang(21), headers))).status).toBe(200);
    expect((await sessions.handle(post(hang(22), headers))).status).toBe(503);
    expect((await sessions.handle(post(cancel(20), headers))).status).toBe(202);
    await vi.waitFor(async () => {
      expect((await sessions.handle(post(hang(22), headers))).status).toBe(200);
    });
  });

  test("refuses an id that is longer than 256 characters, and answers it", async () => {
    const { issuer, sessions } = hanging();
    const headers = { "mcp-session-id": await open(sessions, issuer) };
    const answer = await sessions.handle(post({ ...call, id: "i".repeat(257) }, headers));
    expect(await answer.text()).toContain("-32600");
    const longest = await sessions.handle(post({ ...call, id: "i".repeat(256) }, headers));
    expect(await longest.text()).toContain("steered");
  });

  test("keeps no session for an initialize whose id is longer than that", async () => {
    const { issuer, sessions } = hanging({ maxSessions: 1 });
    const answer = await sessions.handle(post({ ...initialize(), id: "i".repeat(257) }));
    expect(await answer.text()).toContain("-32600");
    await vi.waitFor(() => expect(sessions.size).toBe(0));
    await open(sessions, issuer);
  });

  test("reads a longer body from an open session than from whoever would begin one", async () => {
    const issuer = new Issuer();
    const sessions = sessionsFor(issuer, { maxInitializeBytes: 4000, maxBodyBytes: 9000 });
    const padded = { ...initialize(await issuer.token()), padding: "p".repeat(4000) };
    expect((await sessions.handle(post(padded))).status).toBe(413);
    const headers = { "mcp-session-id": await open(sessions, issuer) };
    const padding = { arguments: { padding: "p".repeat(4000) } };
    const long = { ...call, params: { ...call.params, ...padding } };
    expect((await sessions.handle(post(long, headers))).status).toBe(200);
  });

  test("answers a request that it does not read, over a connection whose next one is answered too", async () => {
    const issuer = new Issuer();
    const url = await listen(sessionsFor(issuer));
    const long = { method: "POST", headers: { "mcp-session-id": "gone" }, body: "x".repeat(900_000) };
    for (let round = 0; round < 3; round++) {
      const refused = await fetch(url, long);
      expect(refused.status).toBe(404);
      await refused.text();
      const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
      const body = JSON.stringify(initialize(await issuer.token()));
      expect(await (await fetch(url, { method: "POST", headers, body })).text()).toContain("verified");
    }
  });
  test("opens no session for an initialize without an id, which nobody answers for", async () => {
    const issuer = new Issuer();
    const sessions = sessionsFor(issuer, { maxSessions: 1 });
    const { id: _, ...notification } = initialize();
    for (const body of [notification, { ...notification, id: null }, { ...notification, id: {} }]) {
      expect((await sessions.handle(post(body))).status).toBe(400);
    }
    await open(sessions, issuer);
    expect(sessions.size).toBe(1);
  });

  test("reads at most maxBodiesAtOnce strangers' bodies, which take no session's place and hold none up", async () => {
    const issuer = new Issuer();
    const sessions = sessionsFor(issuer, { maxSessions: 1, maxBodiesAtOnce: 2 });
    const endless = () =>
      new Request(URL_OF_MCP, {
        method: "POST",
        headers: { host: "localhost" },
        body: new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode("{")),
        }),
        duplex: "half",
      } as RequestInit);
    const slow = sessionsFor(issuer, { maxBodiesAtOnce: 2, bodyTimeoutSeconds: 1 });
    const agents = await open(slow, issuer);
    const held = [slow.handle(endless()), slow.handle(endless())];
    expect((await slow.handle(post(initialize()))).status).toBe(503);
    expect((await slow.handle(post(call, { "mcp-session-id": agents }))).status).toBe(200);
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual([408, 408]);
    expect(await (await slow.handle(post(initialize(await issuer.token())))).text()).toContain("verified");
    await open(sessions, issuer);
  });

  test("runs nothing of a batch that begins a session, and of later ones each message for itself", async () => {
    const issuer = new Issuer();
    const sessions = sessionsFor(issuer);
    const token = await issuer.token();
    const begun = await sessions.handle(post([initialize(token), call]));
    expect(begun.status).toBe(400);
    expect(await begun.text()).not.toContain("steered");
    expect(sessions.size).toBe(0);
    const id = await open(sessions, issuer);
    const batch = [call, { ...initialize(token), id: 3 }, { ...call, id: 4, params: { name: "sky" } }];
    const answer = await sessions.handle(
      post(batch, { "mcp-session-id": id, "mcp-protocol-version": "2025-03-26" }),
    );
    const text = await answer.text();
    expect(text).not.toContain("verified");
    expect(sessions.size).toBe(1);
    const again = await sessions.handle(post(call, { "mcp-session-id": id }));
    expect(await again.text()).toContain("steered");
  });

  test("answers 400, and tells nobody of an error, when a body breaks off", async () => {
    const onerror = vi.fn();
    const sessions = sessionsFor(new Issuer(), { onerror });
    const broken = new Request(URL_OF_MCP, {
      method: "POST",
      headers: { host: "localhost" },
      body: new ReadableStream({ pull: (controller) => controller.error(new Error("ECONNRESET")) }),
      duplex: "half",
    } as RequestInit);
    expect((await sessions.handle(broken)).status).toBe(400);
    expect(onerror).not.toHaveBeenCalled();
  });

  test("answers 404 a call that still waits when its session ends, and counts no session twice, under JSON", async () => {
    const issuer = new Issuer();
    const verifier = issuer.verifier();
    const createServer = () => {
      const server = createWeatherServer(verifier);
      server.registerTool("hang", {}, () => new Promise(() => undefined));
      return server;
    };
    const sessions = sessionsFor(issuer, { createServer, enableJsonResponse: true, maxSessions: 2 });
    const ids = [await open(sessions, issuer), await open(sessions, issuer)];
    const headers = { host: "localhost", "mcp-session-id": ids[0] ?? "" };
    const hanging = sessions.handle(post({ ...call, params: { name: "hang" } }, headers));
    await sessions.handle(new Request(URL_OF_MCP, { method: "DELETE", headers }));
    expect((await hanging).status).toBe(404);
    expect(sessions.size).toBe(1);
    await open(sessions, issuer);
  });
});
