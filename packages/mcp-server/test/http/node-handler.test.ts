import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, connect, Socket } from "node:net";
import { text } from "node:stream/consumers";
import { toNodeHandler } from "@attest/mcp-server/http";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { Issuer } from "../support/agents.ts";
import {
  call,
  createHangingServer,
  HEADERS,
  initialize,
  listen,
  open,
  sessionsFor,
} from "./support/sessions.ts";

/** How often anything was written to a server's sockets since the last time that was asked. */
function countWrites(): () => number {
  let count = 0;
  const prototype = Socket.prototype as unknown as Record<
    "_write" | "_writev",
    (...args: never[]) => unknown
  >;
  for (const method of ["_write", "_writev"] as const) {
    const original = prototype[method];
    prototype[method] = function (this: Socket, ...args: never[]) {
      if ("server" in this && this.server) count += 1;
      return original.apply(this, args);
    };
    onTestFinished(() => {
      prototype[method] = original;
    });
  }
  return () => {
    const counted = count;
    count = 0;
    return counted;
  };
}

const exchange = (url: URL, body: unknown, headers: Record<string, string> = {}) =>
  fetch(url, { method: "POST", headers: { ...HEADERS, ...headers }, body: JSON.stringify(body) });

describe("toNodeHandler", () => {
  test.each([false, true])(
    "writes a response at once (enableJsonResponse: %s)",
    async (enableJsonResponse) => {
      const issuer = new Issuer();
      const url = await listen(
        sessionsFor(issuer, { enableJsonResponse, createServer: createHangingServer }),
      );
      const writes = countWrites();
      const refused = await exchange(url, initialize("a.b.c"));
      expect(await refused.text()).toContain("1008");
      expect(writes()).toBe(1);
      const begun = await exchange(url, initialize(await issuer.token()));
      expect(await begun.text()).toContain("verified");
      expect(writes()).toBe(1);
      const headers = { "mcp-session-id": begun.headers.get("mcp-session-id") ?? "" };
      await exchange(url, { jsonrpc: "2.0", method: "notifications/initialized" }, headers);
      expect(writes()).toBe(1);
      const called = await exchange(url, call, headers);
      expect(await called.text()).toContain("steered");
      expect(writes()).toBe(1);
    },
  );

  test("serves HTTP/2", async () => {
    const issuer = new Issuer();
    const sessions = sessionsFor(issuer);
    const handler = toNodeHandler(sessions.handle);
    const server = createHttp2Server((incoming, outgoing) => {
      void handler(incoming as unknown as IncomingMessage, outgoing as unknown as ServerResponse);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const client = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    onTestFinished(() => {
      client.destroy();
      server.close();
    });
    const send = async (body: unknown, headers: Record<string, string> = {}) => {
      const stream = client.request({ ":method": "POST", ":path": "/mcp", ...HEADERS, ...headers });
      const answered = new Promise<Record<string, unknown>>((resolve) => stream.once("response", resolve));
      stream.end(JSON.stringify(body));
      return { head: await answered, body: await text(stream) };
    };
    const begun = await send(initialize(await issuer.token()));
    expect(begun).toMatchObject({ head: { ":status": 200 }, body: expect.stringContaining("verified") });
    const headers = { "mcp-session-id": String(begun.head["mcp-session-id"]) };
    expect((await send(call, headers)).body).toContain("steered");
    expect((await send(call, { "mcp-session-id": "gone" })).head).toMatchObject({ ":status": 404 });
  });

  test.each([
    ["TRACE /mcp HTTP/1.1", 405],
    ["POST // HTTP/1.1", 404],
    ["OPTIONS * HTTP/1.1", 404],
    ["PUT /mcp HTTP/1.1", 405],
    ["GET http://127.0.0.1/mcp HTTP/1.1", 400],
  ])("answers %s with %i", async (line, status) => {
    const { port } = await listen(sessionsFor(new Issuer()));
    const socket = connect(Number(port), "127.0.0.1");
    socket.write(`${line}\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
    expect(await text(socket)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  test("refuses a request without a host, whatever its own address", async () => {
    const { port } = await listen(sessionsFor(new Issuer()));
    const socket = connect(Number(port), "127.0.0.1");
    socket.write("GET /mcp HTTP/1.0\r\n\r\n");
    expect(await text(socket)).toMatch(/^HTTP\/1.1 403 /);
  });

  test("answers 500 without a word and tells onerror when a handler fails", async () => {
    const onerror = vi.fn();
    const failure = new Error("database password is hunter2");
    const server = createServer(toNodeHandler(() => Promise.reject(failure), { onerror }));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    expect(answer.status).toBe(500);
    expect(await answer.text()).toBe("");
    expect(onerror).toHaveBeenCalledExactlyOnceWith(failure);
    expect(() => toNodeHandler(() => new Response(), { onError: () => undefined } as never)).toThrow(
      /onerror/,
    );
  });

  test("gives a handler of another's a body, and a signal that aborts when the client goes", async () => {
    const aborted = Promise.withResolvers<void>();
    const server = createServer(
      toNodeHandler(async (request) => {
        request.signal.addEventListener("abort", () => aborted.resolve());
        if ((await request.text()) === "answer")
          return new Response("answered", {
            headers: [
              ["set-cookie", "a=1"],
              ["set-cookie", "b=2"],
            ],
          });
        return new Promise(() => undefined);
      }),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const answer = await fetch(url, { method: "POST", body: "answer" });
    expect(await answer.text()).toBe("answered");
    expect(answer.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    const gone = new AbortController();
    const unanswered = fetch(url, { method: "POST", body: "wait", signal: gone.signal });
    setTimeout(() => gone.abort(), 50);
    await expect(unanswered).rejects.toThrow();
    await aborted.promise;
  });
});

describe("a body that a parser before HttpSessions", () => {
  /** Initializes a session behind a body parser, as in Express: it sets `body`, and may have read the stream. */
  async function behind(parser: (incoming: IncomingMessage) => Promise<unknown>, onerror = vi.fn()) {
    const issuer = new Issuer();
    const sessions = sessionsFor(issuer, { onerror });
    const handler = toNodeHandler(sessions.handle);
    const server = createServer(async (incoming, outgoing) => {
      await handler(Object.assign(incoming, { body: await parser(incoming) }), outgoing);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
    return exchange(url, initialize(await issuer.token()));
  }
  const read = async (incoming: IncomingMessage) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  };

  test.each([
    [
      "has parsed, as json() does",
      async (incoming: IncomingMessage) => JSON.parse(String(await read(incoming))),
    ],
    ["has read as text, as text() does", async (incoming: IncomingMessage) => String(await read(incoming))],
    ["has read as bytes, as raw() does", read],
    ["was not concerned with, as urlencoded() alone in Express 4", async () => ({})],
    ["left alone", async () => undefined],
  ])("%s is taken", async (_, parser) => {
    expect(await (await behind(parser)).text()).toContain("verified");
  });

  test("has read and thrown away is missed aloud", async () => {
    const onerror = vi.fn();
    const answer = await behind(async (incoming) => void (await read(incoming)), onerror);
    expect(answer.status).toBe(500);
    expect(onerror).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ message: expect.stringContaining("{ parsedBody }") }),
    );
  });

  test("has read of a web-standard request is handed over as parsedBody, and missed aloud without", async () => {
    const issuer = new Issuer();
    const onerror = vi.fn();
    const sessions = sessionsFor(issuer, { onerror });
    const url = "http://127.0.0.1/mcp";
    const init = { method: "POST", headers: { host: "localhost", ...HEADERS } };
    const request = new Request(url, { ...init, body: JSON.stringify(initialize(await issuer.token())) });
    const parsedBody = await request.json();
    expect((await sessions.handle(request)).status).toBe(500);
    expect(onerror).toHaveBeenCalledOnce();
    expect(await (await sessions.handle(request, { parsedBody })).text()).toContain("verified");
  });
});

describe("a user whom middleware before toNodeHandler has authenticated", () => {
  test("is known to handlers", async () => {
    const issuer = new Issuer();
    const createServer_ = () => {
      const server = createHangingServer();
      server.registerTool("user", {}, async ({ authInfo }) => ({
        content: [{ type: "text", text: `user ${authInfo?.clientId}` }],
      }));
      return server;
    };
    const sessions = sessionsFor(issuer, { createServer: createServer_ });
    const handler = toNodeHandler(sessions.handle);
    const server = createServer((incoming, outgoing) => {
      // As requireBearerAuth leaves it.
      void handler(
        Object.assign(incoming, { auth: { token: "t", clientId: "alice", scopes: [] } }),
        outgoing,
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
    const headers = { "mcp-session-id": await open(sessions, issuer.token()) };
    const answer = await exchange(url, { ...call, params: { name: "user" } }, headers);
    expect(await answer.text()).toContain("user alice");
  });
});

describe("a client that goes away", () => {
  test("in the middle of an answer leaves a session that goes on", async () => {
    const issuer = new Issuer();
    const sessions = sessionsFor(issuer, { createServer: createHangingServer });
    const url = await listen(sessions);
    const id = await open(sessions, issuer.token());
    const body = JSON.stringify({ ...call, id: 9, params: { name: "hang" } });
    await new Promise<void>((resolve, reject) => {
      const request = httpRequest(url, { method: "POST", headers: { ...HEADERS, "mcp-session-id": id } });
      request.once("response", (response) => {
        response.on("error", () => undefined).destroy();
        resolve();
      });
      request.once("error", reject);
      request.end(body);
    });
    expect(await (await exchange(url, call, { "mcp-session-id": id })).text()).toContain("steered");
  });
});
