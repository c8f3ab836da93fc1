import { request as httpRequest } from "node:http";
import type { Verifier } from "@attest/core";
import { AttestingClientSession } from "@attest/mcp-client";
import { currentAttestation, type GateEvent } from "@attest/mcp-server";
import { HttpSessions, type HttpSessionsOptions, toNodeHandler } from "@attest/mcp-server/http";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { EventStore } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { Issuer, sonnet } from "../support/agents.ts";
import { createWeatherServer } from "../support/weather-server.ts";
import {
  call,
  cancel,
  createHangingServer,
  HEADERS,
  initialize,
  listen,
  open,
  post,
  sessionsFor,
  URL_OF_MCP,
} from "./support/sessions.ts";

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

  test.each([
    ["nothing", undefined, 1009],
    ["junk", "a.b.c", 1008],
    ["a forgery", "forged", 1003],
  ])("refuses an agent that presents %s before anything is made for it", async (_, token, code) => {
    const createServer = vi.fn();
    const createEventStore = vi.fn();
    const sessions = sessionsFor(new Issuer(), { createServer, createEventStore });
    const forged = await new Issuer().token();
    const refused = await sessions.handle(
      post({ ...initialize(token === "forged" ? forged : token), id: "first" }),
    );
    expect(refused.status).toBe(200);
    expect(refused.headers.get("content-type")).toBe("application/json");
    expect(refused.headers.has("mcp-session-id")).toBe(false);
    expect(await refused.json()).toMatchObject({ jsonrpc: "2.0", id: "first", error: { code } });
    expect(createServer).not.toHaveBeenCalled();
    expect(createEventStore).not.toHaveBeenCalled();
    expect(sessions.size).toBe(0);
  });

  test("puts a gate with its own options in front of a plain server, and verifies no token twice", async () => {
    const issuer = new Issuer();
    const verifier = issuer.verifier();
    const verify = vi.spyOn(verifier, "verify");
    const rules = { tools: { hang: { trustLevel: "provider", check: () => false } } } as const;
    const sessions = sessionsFor(issuer, { verifier, createServer: createHangingServer, rules });
    const headers = { "mcp-session-id": await open(sessions, issuer.token()) };
    expect(verify).toHaveBeenCalledOnce();
    const denied = { ...call, params: { name: "hang" } };
    expect(await (await sessions.handle(post(denied, headers))).text()).toContain("1013");
    expect(await (await sessions.handle(post(call, headers))).text()).toContain("steered");
  });

  test("lets a server keep the gate that it has, which takes the verdict over", async () => {
    const issuer = new Issuer();
    const verifier = issuer.verifier();
    const verify = vi.spyOn(verifier, "verify");
    const sessions = sessionsFor(issuer, { verifier });
    const headers = { "mcp-session-id": await open(sessions, issuer.token()) };
    expect(verify).toHaveBeenCalledOnce();
    expect(await (await sessions.handle(post(call, headers))).text()).toContain("steered");
  });

  test.each([
    ["another verifier", {}, (issuer: Issuer) => createWeatherServer(issuer.verifier()), /another verifier/],
    [
      "a gate that leaves an option unread",
      { hideDenied: true },
      (_: Issuer, own: Verifier) => createWeatherServer(own),
      /hideDenied, which nobody reads/,
    ],
    ["no server", {}, () => "weather" as never, /must return an McpServer/],
  ])(
    "answers 500 and tells onerror of a createServer that returns %s",
    async (_, options, create, message) => {
      const issuer = new Issuer();
      const onerror = vi.fn();
      const createServer = (own: Verifier) => create(issuer, own);
      const sessions = sessionsFor(issuer, { ...options, createServer, onerror });
      expect((await sessions.handle(post(initialize(await issuer.token())))).status).toBe(500);
      expect(onerror).toHaveBeenCalledExactlyOnceWith(
        expect.objectContaining({ message: expect.stringMatching(message) }),
      );
      expect(sessions.size).toBe(0);
    },
  );

  test("waits for a verifier no longer than verificationTimeoutSeconds", async () => {
    const createServer = vi.fn();
    const verifier = new Issuer().verifier();
    vi.spyOn(verifier, "verify").mockReturnValue(new Promise(() => undefined));
    const onerror = vi.fn();
    const events: GateEvent[] = [];
    const observer = { record: (event: GateEvent) => void events.push(event) };
    const options = { verifier, createServer, onerror, observer, verificationTimeoutSeconds: 0.05 };
    const answer = await sessionsFor(new Issuer(), options).handle(post(initialize("a.b.c")));
    expect(await answer.json()).toMatchObject({ id: 1, error: { code: -32603 } });
    expect(onerror).toHaveBeenCalledOnce();
    expect(events).toMatchObject([{ type: "gate_error", detail: "the verifier failed" }]);
    expect(createServer).not.toHaveBeenCalled();
  });

  test.each([
    ["Accept", { accept: "application/json" }, 406],
    ["Content-Type", { "content-type": "text/plain" }, 415],
    ["MCP-Protocol-Version", { "mcp-protocol-version": "1999-01-01" }, 400],
  ])("burns no token for a wrong %s", async (_, headers, status) => {
    const issuer = new Issuer();
    const verifier = issuer.verifier();
    const verify = vi.spyOn(verifier, "verify");
    const sessions = sessionsFor(issuer, { verifier });
    const token = await issuer.token();
    expect((await sessions.handle(post(initialize(token), headers as Record<string, string>))).status).toBe(
      status,
    );
    expect(verify).not.toHaveBeenCalled();
    await open(sessions, token);
  });

  test("refuses a server that another session has, and tells onerror what to do", async () => {
    const issuer = new Issuer();
    const shared = createHangingServer();
    const errors: unknown[] = [];
    const sessions = sessionsFor(issuer, {
      createServer: () => shared,
      onerror: (error) => void errors.push(error),
    });
    await open(sessions, issuer.token());
    const second = await sessions.handle(post(initialize(await issuer.token())));
    expect(second.status).toBe(500);
    expect(String(errors[0])).toContain("createServer returned a server that has been used before");
    expect(sessions.size).toBe(1);
  });

  test("says where a misplaced option belongs", () => {
    const options = { createServer: createHangingServer, verifier: new Issuer().verifier() };
    const build = (wrong: object) => () => new HttpSessions({ ...options, ...wrong } as HttpSessionsOptions);
    expect(build({ policy: "optional" })).toThrow('HttpSessions: "policy" belongs to the verifier');
    expect(build({ instructions: "x" })).toThrow('HttpSessions: "instructions" belongs to the SDK\'s server');
    expect(build({ attestation: {} })).toThrow('HttpSessions: "attestation" guards nothing here');
  });

  test("tells an observer of every request that it refuses, by the session's number", async () => {
    const issuer = new Issuer();
    const events: GateEvent[] = [];
    const observer = { record: (event: GateEvent) => void events.push(event) };
    const sessions = sessionsFor(issuer, { observer });
    const id = await open(sessions, issuer.token());
    await sessions.handle(post(call, { "mcp-session-id": "gone" }));
    await sessions.handle(post(call, { host: "evil.example" }));
    await sessions.handle(post("{", { "mcp-session-id": id }));
    const session = sessions.sessions()[0]?.session;
    expect(events).toMatchObject([
      { type: "http_refused", status: 404, session: null },
      { type: "http_refused", status: 403, session: null },
      { type: "http_refused", status: 400, session },
    ]);
    expect(JSON.stringify(events)).not.toContain(id);
  });

  test("lists its sessions without telling their ids", async () => {
    const issuer = new Issuer();
    const sessions = sessionsFor(issuer, { createServer: createHangingServer, sessionIdPrefix: "eu-1" });
    const id = await open(sessions, issuer.token());
    expect(id).toMatch(/^eu-1\.[0-9a-f-]{36}$/);
    await sessions.handle(post({ ...call, params: { name: "hang" } }, { "mcp-session-id": id }));
    const [info, ...others] = sessions.sessions();
    expect(others).toEqual([]);
    expect(info).toMatchObject({
      session: expect.any(Number),
      subject: sonnet.toSpiffeId(),
      openRequests: 1,
    });
    expect(info?.idPrefix).toBe(id.slice(0, "eu-1.".length + 8));
    expect(Math.abs((info?.openedAt ?? 0) - Date.now() / 1000)).toBeLessThan(60);
  });

  test("lets calls that are under way end within graceSeconds of close, and takes no others", async () => {
    const issuer = new Issuer();
    const { promise: done, resolve: finish } = Promise.withResolvers<void>();
    const createServer = () => {
      const server = createHangingServer();
      server.registerTool("slow", {}, () => done.then(() => ({ content: [{ type: "text", text: "late" }] })));
      return server;
    };
    const sessions = sessionsFor(issuer, { createServer });
    const headers = { "mcp-session-id": await open(sessions, issuer.token()) };
    const slow = await sessions.handle(post({ ...call, params: { name: "slow" } }, headers));
    const closed = sessions.close({ graceSeconds: 10 });
    expect((await sessions.handle(post(call, headers))).status).toBe(503);
    expect(sessions.size).toBe(1);
    finish();
    expect(await slow.text()).toContain("late");
    await closed;
    expect(sessions.size).toBe(0);
    await expect(sessions.close({ graceSeconds: -1 })).rejects.toThrow(/graceSeconds/);
  });

  test("goes on when a server's own onclose throws, and tells onerror", async () => {
    const issuer = new Issuer();
    const onerror = vi.fn();
    const createServer = () => {
      const server = createHangingServer();
      server.server.onclose = () => {
        throw new Error("a bug of the server's");
      };
      return server;
    };
    const sessions = sessionsFor(issuer, { createServer, onerror, idleTimeoutSeconds: 0.1 });
    await open(sessions, issuer.token());
    await vi.waitFor(() => expect(sessions.size).toBe(0));
    expect(onerror).toHaveBeenCalledExactlyOnceWith(new Error("a bug of the server's"));
  });

  test("ends its sessions by await using", async () => {
    const issuer = new Issuer();
    const verifier = issuer.verifier();
    const left = await (async () => {
      await using sessions = new HttpSessions({ verifier, createServer: createHangingServer });
      await open(sessions, issuer.token());
      return sessions;
    })();
    expect(left.size).toBe(0);
  });

  test("hands handlers the user that another has authenticated", async () => {
    const issuer = new Issuer();
    const createServer = () => {
      const server = createHangingServer();
      server.registerTool("user", {}, async ({ authInfo }) => ({
        content: [{ type: "text", text: `${authInfo?.clientId} with ${currentAttestation()?.subject}` }],
      }));
      return server;
    };
    const sessions = sessionsFor(issuer, { createServer });
    const headers = { "mcp-session-id": await open(sessions, issuer.token()) };
    const authInfo = { token: "t", clientId: "alice", scopes: [] };
    const answer = await sessions.handle(post({ ...call, params: { name: "user" } }, headers), { authInfo });
    expect(await answer.text()).toContain(`alice with ${sonnet.toSpiffeId()}`);
  });

  test("opens at most limits.sessions, also when more come at once, and one more when one has ended", async () => {
    const issuer = new Issuer();
    const sessions = sessionsFor(issuer, { limits: { sessions: 3 } });
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
    await open(sessions, issuer.token());
    expect(sessions.size).toBe(3);
  });

  test("closes a session that goes without a request for idleTimeoutSeconds, and not one that is used", async () => {
    const issuer = new Issuer();
    const sessions = sessionsFor(issuer, { idleTimeoutSeconds: 2 });
    const [idle, used] = [await open(sessions, issuer.token()), await open(sessions, issuer.token())];
    for (let round = 0; round < 6; round++) {
      await new Promise((resolve) => setTimeout(resolve, 400));
      const answer = await sessions.handle(post({ ...call, id: 10 + round }, { "mcp-session-id": used }));
      expect(await answer.text()).toContain("steered");
    }
    expect(sessions.size).toBe(1);
    expect((await sessions.handle(post(call, { "mcp-session-id": idle }))).status).toBe(404);
  });

  test("refuses, 413, a body of a byte more than limits.initializeBytes, declared or not", async () => {
    const body = JSON.stringify(initialize());
    const exact = sessionsFor(new Issuer(), { limits: { initializeBytes: Buffer.byteLength(body) } });
    expect((await exact.handle(post(body))).status).toBe(200);
    const short = sessionsFor(new Issuer(), { limits: { initializeBytes: Buffer.byteLength(body) - 1 } });
    expect((await short.handle(post(body))).status).toBe(413);
    expect((await short.handle(post(body, { "content-length": "9999999" }))).status).toBe(413);
  });

  test.each([
    ["not JSON", "{", 400],
    ["no initialize", call, 400],
    ["a batch", [initialize()], 400],
    ["null", "null", 400],
    ["initialize without params", { jsonrpc: "2.0", id: 1, method: "initialize" }, 400],
    ["initialize as a notification", { ...initialize(), id: undefined }, 400],
    ["initialize with an id of 257 characters", { ...initialize(), id: "i".repeat(257) }, 400],
  ])("refuses a first request that is %s, without making a server for it", async (_, body, status) => {
    const createServer = vi.fn();
    const sessions = new HttpSessions({ verifier: new Issuer().verifier(), createServer });
    expect((await sessions.handle(post(body))).status).toBe(status);
    expect(createServer).not.toHaveBeenCalled();
  });

  test("holds neither server nor session for a request whose body does not come, and refuses it in time", async () => {
    const createServer = vi.fn();
    const sessions = new HttpSessions({
      verifier: new Issuer().verifier(),
      createServer,
      bodyTimeoutSeconds: 0.2,
    });
    const url = await listen(sessions);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const slow = httpRequest(
        url,
        { method: "POST", headers: { ...HEADERS, "content-length": "100" } },
        ({ statusCode }) => resolve(statusCode),
      );
      slow.on("error", reject);
      slow.write("{");
    });
    expect(status).toBe(408);
    expect(createServer).not.toHaveBeenCalled();
    expect(sessions.size).toBe(0);
  });

  test("answers 500 without a word about it when a server cannot be made, tells onerror, and keeps serving", async () => {
    const issuer = new Issuer();
    const verifier = issuer.verifier();
    const createServer = vi.fn(() => createWeatherServer(verifier));
    createServer.mockImplementationOnce(() => {
      throw new Error("database password is hunter2");
    });
    const onerror = vi.fn();
    const url = await listen(new HttpSessions({ verifier, createServer, limits: { sessions: 1 }, onerror }));
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
    await open(sessions, issuer.token());
    await sessions.close();
    expect(sessions.size).toBe(0);
    expect((await sessions.handle(post(initialize()))).status).toBe(503);
  });

  test("throws for options that are wrong, naming them", () => {
    const verifier = new Issuer().verifier();
    const make = (options: object) => () =>
      new HttpSessions({ verifier, createServer: createHangingServer, ...options });
    expect(() => new HttpSessions({ verifier } as unknown as HttpSessionsOptions)).toThrow(/createServer/);
    expect(
      () => new HttpSessions({ createServer: createHangingServer } as unknown as HttpSessionsOptions),
    ).toThrow(/verifier/);
    expect(make({ limits: { sessions: 0 } })).toThrow(/sessions/);
    expect(make({ limits: { session: 5 } })).toThrow(/unknown option "session"; did you mean "sessions"/);
    expect(make({ limits: { bytesInFlight: 1000 } })).toThrow(/bytesInFlight must be at least/);
    expect(make({ allowedHosts: "localhost" })).toThrow(/allowedHosts/);
    expect(make({ idleTimeout: 5 })).toThrow(
      /unknown option "idleTimeout"; did you mean "idleTimeoutSeconds"/,
    );
    expect(make({ idleTimeoutSeconds: 1e9 })).toThrow(/idleTimeoutSeconds/);
    for (const host of [
      "127.0.0.1:80",
      "https://mcp.example.com",
      "*",
      "*.example.com",
      "mcp.example.com/",
    ]) {
      expect(make({ allowedHosts: [host] })).toThrow(/without ports/);
    }
    for (const origin of [
      "app.example.com",
      "https://app.example.com/",
      "*",
      "null",
      "https://*.example.com",
    ]) {
      expect(make({ allowedOrigins: [origin] })).toThrow(/such as https:/);
    }
    for (const sessionIdPrefix of ["", "a.b", "a".repeat(33), 1]) {
      expect(make({ sessionIdPrefix })).toThrow(/sessionIdPrefix must be 1 to 32/);
    }
    expect(make({ enableJsonResponse: "false" })).toThrow(/enableJsonResponse/);
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
    const sessions = sessionsFor(issuer, { verifier, createServer, createEventStore: eventStore });
    const [own, other] = [await open(sessions, issuer.token()), await open(sessions, issuer.token())];
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
  const hanging = (options: Parameters<typeof sessionsFor>[1] = {}) => {
    const issuer = new Issuer();
    return { issuer, sessions: sessionsFor(issuer, { createServer: createHangingServer, ...options }) };
  };
  const hang = (id: number | string) => ({ ...call, id, params: { name: "hang" } });

  test.each([false, true])(
    "answers a cancelled call with nothing, and nothing of it stays (enableJsonResponse: %s)",
    async (enableJsonResponse) => {
      const { issuer, sessions } = hanging({ enableJsonResponse, limits: { openRequests: 2 } });
      const headers = { "mcp-session-id": await open(sessions, issuer.token()) };
      for (let id = 10; id < 20; id++) {
        const response = sessions.handle(post(hang(id), headers));
        await new Promise((resolve) => setImmediate(resolve));
        expect((await sessions.handle(post(cancel(id), headers))).status).toBe(202);
        expect((await response).status).toBe(enableJsonResponse ? 202 : 200);
        expect(await (await response).text()).toBe("");
      }
      const again = await sessions.handle(post(call, headers));
      expect(await again.text()).toContain("steered");
    },
  );

  test.each([false, true])(
    "ends calls that are cancelled in the same batch, and answers the others (enableJsonResponse: %s)",
    async (enableJsonResponse) => {
      const { issuer, sessions } = hanging({ enableJsonResponse });
      const id = await open(sessions, issuer.token());
      const headers = { "mcp-session-id": id, "mcp-protocol-version": "2025-03-26" };
      const send = async (body: unknown) => (await sessions.handle(post(body, headers))).text();
      expect(await send([hang("a"), cancel("a")])).toBe("");
      expect(await send([cancel("b"), hang("b")])).toBe("");
      const mixed = await send([hang("c"), call, cancel("c")]);
      expect(mixed).toContain("steered");
      expect(mixed).not.toContain('"c"');
      const answer = sessions.handle(post([hang("d"), { ...call, id: 5 }], headers));
      await new Promise((resolve) => setImmediate(resolve));
      await sessions.handle(post(cancel("d"), headers));
      const text = await (await answer).text();
      expect(text).toContain("steered");
      expect(text).not.toContain('"d"');
      expect(sessions.sessions()).toMatchObject([{ openRequests: 0 }]);
    },
  );

  test("answers a request once at most that is cancelled and refused", async () => {
    const { issuer, sessions } = hanging({});
    const headers = {
      "mcp-session-id": await open(sessions, issuer.token()),
      "mcp-protocol-version": "2025-03-26",
    };
    const renewing = {
      ...call,
      params: { ...call.params, _meta: { "security.attestation": { version: "0.1.0", token: "a.b.c" } } },
    };
    const answer = await sessions.handle(post([cancel(2), renewing], headers));
    expect((await answer.text()).match(/"id":2/g)?.length ?? 0).toBeLessThanOrEqual(1);
    expect(sessions.sessions()).toMatchObject([{ openRequests: 0 }]);
  });

  test("holds at most limits.openRequests unanswered requests of a session, and none that its transport refused", async () => {
    const { issuer, sessions } = hanging({ limits: { openRequests: 2 } });
    const headers = { "mcp-session-id": await open(sessions, issuer.token()) };
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
    const headers = { "mcp-session-id": await open(sessions, issuer.token()) };
    const answer = await sessions.handle(post({ ...call, id: "i".repeat(257) }, headers));
    expect(await answer.text()).toContain("-32600");
    const longest = await sessions.handle(post({ ...call, id: "i".repeat(256) }, headers));
    expect(await longest.text()).toContain("steered");
  });

  test("refuses an id that is not answered yet, and takes nothing away but what it refused", async () => {
    const { issuer, sessions } = hanging({ limits: { openRequests: 8 } });
    const headers = { "mcp-session-id": await open(sessions, issuer.token()) };
    const first = await sessions.handle(post(hang(7), headers));
    for (let round = 0; round < 20; round++) {
      const again = await sessions.handle(post(hang(7), headers));
      expect(again.status).toBe(400);
      expect(await again.text()).toContain("not answered yet");
      expect((await sessions.handle(post(hang(7), { ...headers, accept: "text/html" }))).status).toBe(406);
    }
    const batch = { ...headers, "mcp-protocol-version": "2025-03-26" };
    expect((await sessions.handle(post([hang(8), hang(8)], batch))).status).toBe(400);
    expect(sessions.sessions()).toMatchObject([{ openRequests: 1 }]);
    await sessions.handle(post(cancel(7), headers));
    expect(await first.text()).toBe("");
    expect((await sessions.handle(post(hang(7), headers))).status).toBe(200);
  });

  test("keeps no session for an initialize whose id is longer than that", async () => {
    const { issuer, sessions } = hanging({ limits: { sessions: 1 } });
    const answer = await sessions.handle(post({ ...initialize(), id: "i".repeat(257) }));
    expect(await answer.text()).toContain("-32600");
    await vi.waitFor(() => expect(sessions.size).toBe(0));
    await open(sessions, issuer.token());
  });

  test("reads a longer body from an open session than from whoever would begin one", async () => {
    const issuer = new Issuer();
    const sessions = sessionsFor(issuer, { limits: { initializeBytes: 4000, bodyBytes: 9000 } });
    const padded = { ...initialize(await issuer.token()), padding: "p".repeat(4000) };
    expect((await sessions.handle(post(padded))).status).toBe(413);
    const headers = { "mcp-session-id": await open(sessions, issuer.token()) };
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
    const sessions = sessionsFor(issuer, { limits: { sessions: 1 } });
    const { id: _, ...notification } = initialize();
    for (const body of [notification, { ...notification, id: null }, { ...notification, id: {} }]) {
      expect((await sessions.handle(post(body))).status).toBe(400);
    }
    await open(sessions, issuer.token());
    expect(sessions.size).toBe(1);
  });

  test("runs nothing of a batch that begins a session, and of later ones each message for itself", async () => {
    const issuer = new Issuer();
    const sessions = sessionsFor(issuer);
    const token = await issuer.token();
    const begun = await sessions.handle(post([initialize(token), call]));
    expect(begun.status).toBe(400);
    expect(await begun.text()).not.toContain("steered");
    expect(sessions.size).toBe(0);
    const id = await open(sessions, issuer.token());
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
      headers: { host: "localhost", ...HEADERS },
      body: new ReadableStream({ pull: (controller) => controller.error(new Error("ECONNRESET")) }),
      duplex: "half",
    } as RequestInit);
    expect((await sessions.handle(broken)).status).toBe(400);
    expect(onerror).not.toHaveBeenCalled();
  });

  test("answers 404 a call that still waits when its session ends, and counts no session twice, under JSON", async () => {
    const { issuer, sessions } = hanging({ enableJsonResponse: true, limits: { sessions: 2 } });
    const ids = [await open(sessions, issuer.token()), await open(sessions, issuer.token())];
    const headers = { host: "localhost", "mcp-session-id": ids[0] ?? "" };
    const waiting = sessions.handle(post(hang(3), headers));
    await sessions.handle(new Request(URL_OF_MCP, { method: "DELETE", headers }));
    expect((await waiting).status).toBe(404);
    expect(sessions.size).toBe(1);
    await open(sessions, issuer.token());
  });
});
