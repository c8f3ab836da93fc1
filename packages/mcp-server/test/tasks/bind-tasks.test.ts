import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AgentIdentity, type CreateTokenOptions } from "@attest/core";
import { FixedClock } from "@attest/core/testing";
import { AttestingClientSession } from "@attest/mcp-client";
import { bindTasks, type GateEvent } from "@attest/mcp-server";
import { HttpSessions, StatelessHttp } from "@attest/mcp-server/http";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { TaskStore } from "@modelcontextprotocol/sdk/experimental/tasks/interfaces.js";
import { InMemoryTaskStore } from "@modelcontextprotocol/sdk/experimental/tasks/stores/in-memory.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { CreateTaskResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { cancel, listen, open as openSession, post, sessionsFor } from "../http/support/sessions.ts";
import { AUDIENCE, Issuer, opus } from "../support/agents.ts";
import { initializeParams, openRaw } from "../support/raw-connection.ts";
import { FolderTaskStore } from "./support/folder-task-store.ts";
import { createTaskServer, KEY } from "./support/task-server.ts";

const REPORT = { name: "report", arguments: {}, task: { ttl: 60_000 } };
const OTHERS = { error: { code: 1013 } };
const NOT_FOUND = { error: { code: -32602 } };

type Options = NonNullable<Parameters<typeof createTaskServer>[2]>;

/** A task server over HTTP, and a way to open sessions at it. */
async function serve(
  store: TaskStore,
  issuer = new Issuer(),
  { clock, policy, ...options }: Options & { clock?: FixedClock; policy?: "optional" } = {},
) {
  const servers: ReturnType<typeof createTaskServer>[] = [];
  const sessions = sessionsFor(issuer, {
    verifier: issuer.verifier({ ...(clock && { clock }), ...(policy && { policy }) }),
    createServer: (verifier) => {
      const server = createTaskServer(verifier, store, options);
      servers.push(server);
      return server;
    },
  });
  const url = await listen(sessions);
  const open = async (token: Partial<CreateTokenOptions> | null = {}) => {
    const connection = await openRaw(new StreamableHTTPClientTransport(url) as Transport);
    await connection.request("initialize", initializeParams(token ? await issuer.token(token) : undefined));
    return connection.request;
  };
  return { sessions, open, finish: (taskId: string, text: string) => servers[0]?.finish(taskId, text) };
}

type Send = Awaited<ReturnType<Awaited<ReturnType<typeof serve>>["open"]>>;

async function makeTask(request: Send): Promise<string> {
  const answer = await request("tools/call", REPORT);
  expect(answer).toHaveProperty("result.task.taskId");
  return (answer as unknown as { result: { task: { taskId: string } } }).result.task.taskId;
}

async function listed(request: Send): Promise<string[]> {
  const answer = await request("tasks/list");
  expect(answer).toHaveProperty("result.tasks");
  const { tasks } = (answer as unknown as { result: { tasks: { taskId: string }[] } }).result;
  return tasks.map(({ taskId }) => taskId).sort();
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "attest-tasks-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

const deployed = (deploymentId: string) =>
  new AgentIdentity({
    modelFamily: "claude-4",
    modelVersion: "claude-sonnet-4",
    provider: "anthropic",
    deploymentId,
  });

describe.each([
  ["the SDK's store in memory", () => new InMemoryTaskStore()],
  ["a store in files", () => new FolderTaskStore(folder())],
])("bindTasks, over HTTP, around %s", (_, makeStore) => {
  test.each([
    ["another model", { identity: opus }],
    ["another subject", { subject: "spiffe://anthropic.com/model/other" }],
    ["another deployment", { identity: deployed("two"), subject: "spiffe://anthropic.com/deployment/two" }],
  ])(
    "refuses get, result and cancel of an agent's task to %s, and lists it to its agent alone",
    async (_name, other) => {
      const { open, finish } = await serve(makeStore());
      const [alice, bob] = [await open(), await open(other)];
      const ofAlice = [await makeTask(alice), await makeTask(alice)].sort();
      const ofBob = await makeTask(bob);
      const [taskId = ""] = ofAlice;
      for (const method of ["tasks/get", "tasks/result", "tasks/cancel"]) {
        expect(await bob(method, { taskId })).toMatchObject(OTHERS);
      }
      expect(await listed(alice)).toEqual(ofAlice);
      expect(await listed(bob)).toEqual([ofBob]);
      expect(await alice("tasks/get", { taskId })).toMatchObject({ result: { taskId, status: "working" } });
      await finish(taskId, "the report");
      expect(await alice("tasks/result", { taskId })).toMatchObject({
        result: { content: [{ text: "the report" }] },
      });
      expect(await bob("tasks/cancel", { taskId: ofBob })).toMatchObject({ result: { status: "cancelled" } });
    },
  );

  test("gives an agent its tasks in its next session", async () => {
    const { open } = await serve(makeStore());
    const taskId = await makeTask(await open());
    const again = await open();
    expect(await listed(again)).toEqual([taskId]);
    expect(await again("tasks/cancel", { taskId })).toMatchObject({ result: { status: "cancelled" } });
  });

  test("finds no task by an id that is forged, cut or the store's own", async () => {
    const { open } = await serve(makeStore());
    const [alice, bob] = [await open(), await open({ identity: opus })];
    const taskId = await makeTask(alice);
    const [stored = "", , seal = ""] = taskId.split(".");
    const [, bobs = ""] = (await makeTask(bob)).split(".");
    const forged = [
      stored,
      `${stored}.${bobs}`,
      `${stored}.${bobs}.${seal}`,
      taskId.slice(0, -1),
      `${taskId}A`,
      "",
      ".",
    ];
    for (const id of forged) {
      expect(await bob("tasks/get", { taskId: id })).toMatchObject(NOT_FOUND);
      expect(await bob("tasks/result", { taskId: id })).toMatchObject(NOT_FOUND);
      expect(await bob("tasks/cancel", { taskId: id })).toMatchObject(NOT_FOUND);
    }
  });
});

describe("bindTasks", () => {
  test.each(["HttpSessions", "StatelessHttp"])(
    "tells agents of one subject apart by the key that they prove, on %s",
    async (host) => {
      const issuer = new Issuer();
      const verifier = issuer.verifier();
      const store = new InMemoryTaskStore();
      const createServer = () => createTaskServer(verifier, store);
      const served =
        host === "HttpSessions"
          ? new HttpSessions({ verifier, createServer })
          : new StatelessHttp({ verifier, createServer });
      onTestFinished(() => served.close());
      const url = await listen(served);
      const connect = async () => {
        const agent = new AttestingClientSession(
          { name: "agent", version: "1" },
          {
            getToken: ({ confirmationKey }) => issuer.token({ confirmationKey }),
            targetAudience: AUDIENCE,
            proofOfPossession: true,
          },
        );
        onTestFinished(() => agent.close());
        await agent.connect(new StreamableHTTPClientTransport(url) as Transport);
        return agent;
      };
      const [alice, bob] = [await connect(), await connect()];
      const made = await alice.request({ method: "tools/call", params: REPORT }, CreateTaskResultSchema);
      const { taskId } = made.task;
      await expect(bob.experimental.tasks.getTask(taskId)).rejects.toMatchObject({ code: 1013 });
      await expect(bob.experimental.tasks.cancelTask(taskId)).rejects.toMatchObject({ code: 1013 });
      expect(await bob.experimental.tasks.listTasks()).toMatchObject({ tasks: [] });
      expect(await alice.experimental.tasks.listTasks()).toMatchObject({ tasks: [{ taskId }] });
      expect(await alice.experimental.tasks.getTask(taskId)).toMatchObject({ taskId, status: "working" });
    },
  );

  test("a second process, and one that restarted, know whose a task is", { timeout: 30_000 }, async () => {
    const issuer = new Issuer();
    const path = folder();
    const first = await serve(new FolderTaskStore(path), issuer);
    const taskId = await makeTask(await first.open());
    const openSecond = async (token: Partial<CreateTokenOptions> = {}) => {
      const transport = new StdioClientTransport({
        command: process.execPath,
        args: [fileURLToPath(new URL("support/task-stdio-server.ts", import.meta.url))],
        env: { ISSUER_PEM: issuer.keyPair.toPem(), FOLDER: path, NODE_NO_WARNINGS: "1" },
      });
      const { request } = await openRaw(transport);
      await request("initialize", initializeParams(await issuer.token(token)));
      return request;
    };
    const [alice, bob] = [await openSecond(), await openSecond({ identity: opus })];
    expect(await bob("tasks/get", { taskId })).toMatchObject(OTHERS);
    expect(await listed(bob)).toEqual([]);
    expect(await listed(alice)).toEqual([taskId]);
    expect(await alice("tasks/cancel", { taskId })).toMatchObject({ result: { status: "cancelled" } });
    const restarted = await serve(new FolderTaskStore(path), issuer);
    expect(await (await restarted.open())("tasks/get", { taskId })).toMatchObject({
      result: { taskId, status: "cancelled" },
    });
  });

  test("wants an agent that is attested, and tells the observer of another's task", async () => {
    const record = vi.fn<(event: GateEvent) => void>();
    const { open } = await serve(new InMemoryTaskStore(), new Issuer(), {
      policy: "optional",
      observer: { record },
    });
    const [alice, stranger, bob] = [await open(), await open(null), await open({ identity: opus })];
    const taskId = await makeTask(alice);
    for (const method of ["tasks/get", "tasks/result", "tasks/cancel", "tasks/list"]) {
      expect(await stranger(method, { taskId })).toHaveProperty("error.code", 1009);
    }
    expect(await stranger("tools/call", REPORT)).toHaveProperty("error.code", 1009);
    expect(await bob("tasks/get", { taskId })).toMatchObject(OTHERS);
    expect(record).toHaveBeenCalledWith(
      expect.objectContaining({
        type: "denied",
        code: 1013,
        method: "tasks/get",
        subject: opus.toSpiffeId(),
        detail: "the task is another agent's",
      }),
    );
  });

  test("wants an agent whose token has not expired, without any rule", async () => {
    const clock = new FixedClock(Date.now() / 1000);
    const { open } = await serve(new InMemoryTaskStore(), new Issuer(), { clock });
    const alice = await open();
    const taskId = await makeTask(alice);
    clock.advance(331);
    for (const method of ["tasks/get", "tasks/result", "tasks/cancel", "tasks/list"]) {
      expect(await alice(method, { taskId })).toHaveProperty("error.code", 1001);
    }
  });

  test("lets no request ride along with another agent's task", async () => {
    const { open } = await serve(new InMemoryTaskStore());
    const [alice, bob] = [await open(), await open({ identity: opus })];
    const taskId = await makeTask(alice);
    const _meta = { "io.modelcontextprotocol/related-task": { taskId } };
    expect(await bob("tools/call", { ...REPORT, _meta })).toMatchObject(OTHERS);
    expect(await alice("tasks/get", { taskId })).toMatchObject({ result: { status: "working" } });
  });

  test("refuses another agent's task to a request that is cancelled before its handler begins", async () => {
    const issuer = new Issuer();
    const { sessions, open, finish } = await serve(new InMemoryTaskStore(), issuer);
    const alice = await open();
    const [done, working] = [await makeTask(alice), await makeTask(alice)];
    await finish(done, "the report");
    const session = { "mcp-session-id": await openSession(sessions, issuer.token({ identity: opus })) };
    const send = async (id: number, method: string, taskId: string, reason?: unknown) => {
      const request = { jsonrpc: "2.0", id, method, params: { taskId } };
      const { params, ...notification } = cancel(id);
      const cancellation = { ...notification, params: { ...params, reason } };
      const response = await sessions.handle(post([request, cancellation], session));
      return response.text();
    };
    expect(await send(7, "tasks/cancel", working)).not.toContain("result");
    expect(await alice("tasks/get", { taskId: working })).toMatchObject({ result: { status: "working" } });
    // The SDK takes these two for no cancellations, and answers.
    const reason = { is: "no text" };
    expect(await send(8, "tasks/result", done, reason)).not.toContain("the report");
    expect(await send(0, "tasks/result", done)).not.toContain("the report");
  });

  test("gives tasks from before the store was bound to nobody", async () => {
    const store = new InMemoryTaskStore();
    const { taskId } = await store.createTask({}, 1, { method: "tools/call" });
    const { open } = await serve(store);
    const alice = await open();
    expect(await listed(alice)).toEqual([]);
    expect(await alice("tasks/get", { taskId })).toMatchObject(NOT_FOUND);
  });

  test("refuses to make tasks in a store that does not keep sessions apart", async () => {
    const inner = new InMemoryTaskStore();
    const careless = new Proxy(inner, {
      get: (target, name) =>
        name === "getTask" ? (id: string) => target.getTask(id) : Reflect.get(target, name).bind(target),
    });
    const { open } = await serve(careless);
    const warned = vi.spyOn(process, "emitWarning").mockReturnValue();
    onTestFinished(() => warned.mockRestore());
    expect(await (await open())("tools/call", REPORT)).toHaveProperty("error");
    expect(warned).toHaveBeenCalledWith(expect.stringMatching(/does not keep the tasks/), expect.anything());
  });

  test("makes no task for a request that came through no gate", async () => {
    const store = bindTasks(new InMemoryTaskStore(), { key: KEY });
    const made = store.createTask({}, 1, { method: "tools/call" });
    await expect(made).rejects.toMatchObject({ code: 1009, detail: expect.stringMatching(/no request/) });
    await expect(store.listTasks()).rejects.toMatchObject({ code: 1009 });
  });

  test("throws when it is built from nonsense", () => {
    const store = new InMemoryTaskStore();
    expect(() => bindTasks({} as TaskStore, { key: KEY })).toThrow(/store must be a TaskStore/);
    expect(() => bindTasks(undefined as never, { key: KEY })).toThrow(/store must be a TaskStore/);
    expect(() => bindTasks(bindTasks(store, { key: KEY }), { key: KEY })).toThrow(/bound already/);
    expect(() => bindTasks(store, { key: KEY.subarray(1) })).toThrow(/key must be at least 32 bytes, got 31/);
    expect(() => bindTasks(store, { key: "secret" as never })).toThrow(
      /key must be a Uint8Array, got string/,
    );
    expect(() => bindTasks(store, {} as never)).toThrow(/key/);
    expect(() => bindTasks(store, { key: KEY, keys: 1 } as never)).toThrow(/did you mean "key"/);
  });
});
