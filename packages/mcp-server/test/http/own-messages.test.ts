import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { EventStore } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, test, vi } from "vitest";
import { Issuer } from "../support/agents.ts";
import { call, initialize, open, post, sessionsFor, URL_OF_MCP } from "./support/sessions.ts";

/** Sessions whose servers can be had, and a stream for what these say of their own accord. */
async function talkative(options: Parameters<typeof sessionsFor>[1] = {}) {
  const issuer = new Issuer();
  const servers: McpServer[] = [];
  const createServer = () => {
    const server = new McpServer({ name: "talkative", version: "1" }, { capabilities: { logging: {} } });
    server.registerTool("steer-clouds", {}, async () => ({ content: [] }));
    servers.push(server);
    return server;
  };
  const sessions = sessionsFor(issuer, { createServer, ...options });
  const id = await open(sessions, issuer.token());
  const say = async (count: number, from = 0) => {
    for (let number = from; number < from + count; number++) {
      await servers[0]?.server.notification({
        method: "notifications/message",
        params: { level: "info", data: `number ${number}.` },
      });
    }
  };
  const listen = () => {
    const headers = { host: "localhost", accept: "text/event-stream", "mcp-session-id": id };
    return sessions.handle(new Request(URL_OF_MCP, { headers }));
  };
  return { issuer, sessions, id, say, listen };
}

/** The numbers in what is read of a stream until it is still. */
async function numbersIn(response: Response): Promise<readonly number[]> {
  let text = "";
  const reader = response.body?.getReader();
  for (;;) {
    const still = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 100));
    const read = await Promise.race([reader?.read(), still]);
    if (read === undefined || read.done) break;
    text += new TextDecoder().decode(read.value);
  }
  await reader?.cancel();
  return [...text.matchAll(/number (\d+)\./g)].map(([, number]) => Number(number));
}

const upTo = (end: number, from = 0) => Array.from({ length: end - from }, (_, index) => from + index);

describe("what a server says before its client listens", () => {
  test.each([
    ["event streams", {}],
    ["JSON", { enableJsonResponse: true }],
  ])("waits, in its order, where answers are %s", async (_, options) => {
    const { say, listen } = await talkative(options);
    await say(10);
    const stream = await listen();
    await say(10, 10);
    expect(await numbersIn(stream)).toEqual(upTo(20));
  });

  test("waits while its client listens no more, too", async () => {
    const { say, listen } = await talkative();
    expect(await numbersIn(await listen())).toEqual([]);
    await say(3);
    await vi.waitFor(async () => expect(await numbersIn(await listen())).toEqual([0, 1, 2]));
  });

  test("is lost beyond limits.earlyMessages, of which onerror is told once", async () => {
    const onerror = vi.fn();
    const { say, listen } = await talkative({ limits: { earlyMessages: 4 }, onerror });
    await say(10);
    expect(await numbersIn(await listen())).toEqual([0, 1, 2, 3]);
    expect(onerror).toHaveBeenCalledOnce();
    expect(String(onerror.mock.lastCall)).toContain("limits.earlyMessages");
  });

  test("counts as unread: with more than limits.unsentBytes the session ends", async () => {
    const onerror = vi.fn();
    const { say, sessions, id } = await talkative({ limits: { unsentBytes: 1000 }, onerror });
    await expect(say(20)).rejects.toThrow("Not connected");
    expect(sessions.size).toBe(0);
    expect((await sessions.handle(post(call, { "mcp-session-id": id }))).status).toBe(404);
    expect(String(onerror.mock.lastCall)).toContain("limits.unsentBytes");
  });
});

describe("an answer that nobody reads, of a server of which nothing is known", () => {
  test("ends its session when it is longer than limits.unsentBytes, and none that is read", async () => {
    const onerror = vi.fn();
    const { sessions, id } = await talkative({ limits: { unsentBytes: 5000 }, onerror });
    const headers = { "mcp-session-id": id };
    for (let round = 0; round < 100; round++) {
      const answer = await sessions.handle(post({ ...call, id: round + 5 }, headers));
      expect(await answer.text()).toContain("content");
    }
    expect(sessions.size).toBe(1);
    const unread: Response[] = [];
    for (let round = 0; round < 100 && sessions.size > 0; round++) {
      unread.push(await sessions.handle(post({ ...call, id: round + 200 }, headers)));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(sessions.size).toBe(0);
    expect(unread.length).toBeGreaterThan(20);
    await expect(unread[0]?.text()).rejects.toThrow(/unread/);
  });
});

describe("a session's event store", () => {
  const eventStore = (stored: JSONRPCMessage[] = []): EventStore => ({
    storeEvent: async (_, message) => String(stored.push(message)),
    replayEventsAfter: async () => "",
  });

  test("is no other session's: a store that createEventStore returned before is refused, and onerror told", async () => {
    const theOne = eventStore();
    const onerror = vi.fn();
    const { sessions, issuer } = await talkative({ createEventStore: () => theOne, onerror });
    expect((await sessions.handle(post(initialize(await issuer.token())))).status).toBe(500);
    expect(String(onerror.mock.lastCall)).toContain("make a new one each time");
    expect(sessions.size).toBe(1);
  });

  test("is no other session's on another host, either", async () => {
    const theOne = eventStore();
    await talkative({ createEventStore: () => theOne });
    const onerror = vi.fn();
    const issuer = new Issuer();
    const other = sessionsFor(issuer, { createEventStore: () => theOne, onerror });
    expect((await other.handle(post(initialize(await issuer.token())))).status).toBe(500);
    expect(String(onerror.mock.lastCall)).toContain("make a new one each time");
  });

  test.each([
    ["names its streams", true],
    ["does not name its streams", false],
  ])(
    "may keep the events of all sessions in one place, and none reads another's: a store that %s",
    async (_, names) => {
      const events: (readonly [streamId: string, message: JSONRPCMessage])[] = [];
      const createEventStore = (): EventStore => ({
        storeEvent: async (streamId, message) => String(events.push([streamId, message]) - 1),
        replayEventsAfter: async (lastEventId, { send }) => {
          const [streamId = ""] = events[Number(lastEventId)] ?? [];
          for (const [index, [stream, message]] of events.entries()) {
            if (stream === streamId && index > Number(lastEventId)) await send(String(index), message);
          }
          return streamId;
        },
        ...(names ? { getStreamIdForEventId: async (id) => events[Number(id)]?.[0] } : {}),
      });
      const { sessions, issuer, id, say } = await talkative({ createEventStore, onerror: () => undefined });
      const resume = (session: string, lastEventId?: string) => {
        const given = { host: "localhost", accept: "text/event-stream", "mcp-session-id": session };
        const headers = { ...given, ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }) };
        return sessions.handle(new Request(URL_OF_MCP, { headers }));
      };
      const stream = await resume(id);
      await say(1);
      const reader = stream.body?.getReader();
      const first = new TextDecoder().decode((await reader?.read())?.value);
      const [, lastEventId = ""] = /^id: (.+)$/m.exec(first) ?? [];
      await reader?.cancel();
      await say(2, 1);
      const thief = await open(sessions, issuer.token());
      const [number = "", seal = ""] = lastEventId.split(".");
      for (const tried of [lastEventId, number, `${number}.`, `${Number(number) - 1}.${seal}`, "0", "."]) {
        const refused = await resume(thief, tried);
        expect(refused.status).toBeGreaterThanOrEqual(400);
        expect(await refused.text()).not.toContain("number");
      }
      expect(await numbersIn(await resume(id, lastEventId))).toEqual([1, 2]);
    },
  );

  test("keeps the server's own messages alone where answers are JSON", async () => {
    const stored: JSONRPCMessage[] = [];
    const { sessions, id, say, listen } = await talkative({
      enableJsonResponse: true,
      createEventStore: () => eventStore(stored),
    });
    const headers = { "mcp-session-id": id, "mcp-protocol-version": "2025-11-25" };
    expect(await (await sessions.handle(post(call, headers))).json()).toMatchObject({ id: 2 });
    await say(1);
    await listen();
    expect(stored).toMatchObject([{ method: "notifications/message" }]);
  });
});
