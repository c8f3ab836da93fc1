import { FixedClock } from "@attest/core/testing";
import {
  AttestingServer,
  attestationOf,
  createAttestingServer,
  currentAttestation,
  requireAttestation,
} from "@attest/mcp-server";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, test, vi } from "vitest";
import { listen, sessionsFor } from "./http/support/sessions.ts";
import { Issuer, opus, sonnet } from "./support/agents.ts";
import { connectRaw, initializeParams, openRaw } from "./support/raw-connection.ts";

const said = (text: string | null | undefined) => ({
  content: [{ type: "text" as const, text: text ?? "nobody" }],
});
const answered = (subject: string) => ({ result: said(subject) });
const DENIED = { result: { isError: true } };

/** Works off jobs one after another, in the asynchronous context of the first. */
class OneWorker {
  readonly #jobs: (() => Promise<void>)[] = [];
  #isRunning = false;

  push(job: () => Promise<void>): void {
    this.#jobs.push(job);
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) await job();
    this.#isRunning = false;
  }
}

/** Opens a session over HTTP for the agent of `token`. Returns what sends its calls. */
async function openSession(url: URL, token: string) {
  const { request } = await openRaw(new StreamableHTTPClientTransport(url) as Transport);
  await request("initialize", initializeParams(token));
  return (name: string) => request("tools/call", { name });
}

describe("attestationOf", () => {
  test("says who made a call, to a queue that works as another caller", async () => {
    const issuer = new Issuer();
    const queue = new OneWorker();
    const release = Promise.withResolvers<void>();
    const guardRan = vi.fn(async (_extra: unknown) => undefined);
    const sessions = sessionsFor(issuer, {
      createServer: (verifier) => {
        const server = createAttestingServer("queue", verifier);
        const guarded = requireAttestation({ subject: sonnet.toSpiffeId() }, guardRan);
        server.registerTool(
          "queued",
          {},
          (extra) =>
            new Promise((resolve) => {
              queue.push(async () => {
                await release.promise;
                try {
                  await guarded(extra);
                  resolve(said(attestationOf(extra)?.subject));
                } catch {
                  resolve(said(`no entry for ${attestationOf(extra)?.subject}`));
                }
              });
            }),
        );
        return server;
      },
    });
    const url = await listen(sessions);
    const asSonnet = await openSession(url, await issuer.token());
    const asOpus = await openSession(url, await issuer.token({ identity: opus }));
    const first = asSonnet("queued");
    const second = asOpus("queued");
    await expect.poll(() => sessions.sessions().length).toBe(2);
    release.resolve();
    expect(await first).toMatchObject(answered(sonnet.toSpiffeId()));
    expect(await second).toMatchObject(answered(`no entry for ${opus.toSpiffeId()}`));
    expect(guardRan).toHaveBeenCalledOnce();
  });

  test("keeps apart two calls whose clients share the objects that they send", async () => {
    const issuer = new Issuer();
    const verifier = issuer.verifier();
    const both = Promise.withResolvers<void>();
    let waiting = 0;
    const connect = async (identity: typeof sonnet) => {
      const server = createAttestingServer("shared", verifier);
      server.registerTool("who", {}, async (extra) => {
        waiting += 1;
        if (waiting === 2) both.resolve();
        await both.promise;
        return said(attestationOf(extra)?.subject);
      });
      const { request } = await connectRaw(server);
      await request("initialize", initializeParams(await issuer.token({ identity })));
      return request;
    };
    const [asSonnet, asOpus] = [await connect(sonnet), await connect(opus)];
    const params = { name: "who", _meta: {} };
    const answers = await Promise.all([asSonnet("tools/call", params), asOpus("tools/call", params)]);
    expect(answers).toMatchObject([answered(sonnet.toSpiffeId()), answered(opus.toSpiffeId())]);
    expect(params).toEqual({ name: "who", _meta: {} });
  });

  test.each([
    ["with no params", undefined],
    ["with _meta of its own", { _meta: { progressToken: 1, mine: 2 } }],
  ])("knows the caller of a request %s", async (_, params) => {
    const issuer = new Issuer();
    const server = createAttestingServer("test", issuer.verifier(), {
      serverOptions: { capabilities: { tools: {} } },
    });
    const seen: unknown[] = [];
    server.server.setRequestHandler(ListToolsRequestSchema, (_request, extra) => {
      seen.push(attestationOf({ ...extra })?.subject, extra._meta);
      return { tools: [] };
    });
    const { request } = await connectRaw(server);
    await request("initialize", initializeParams(await issuer.token()));
    await request("tools/list", params);
    expect(seen).toEqual([sonnet.toSpiffeId(), params?._meta ?? {}]);
  });

  test("says that nobody vouches for the agent once its token has expired", async () => {
    const clock = new FixedClock(Date.now() / 1000);
    const issuer = new Issuer();
    const server = createAttestingServer("test", issuer.verifier({ clock }));
    let extraOfCall: unknown;
    server.registerTool("who", {}, async (extra) => {
      extraOfCall = extra;
      return said(attestationOf(extra)?.subject);
    });
    const { request } = await connectRaw(server);
    await request("initialize", initializeParams(await issuer.token()));
    expect(await request("tools/call", { name: "who" })).toMatchObject(answered(sonnet.toSpiffeId()));
    expect(attestationOf(extraOfCall)).toMatchObject({ subject: sonnet.toSpiffeId() });
    clock.advance(331);
    expect(attestationOf(extraOfCall)).toMatchObject({ verified: false, subject: null });
  });

  test.each([undefined, null, {}, { _meta: {} }, { _meta: 1 }, "extra"])(
    "is undefined for what came through no gate: %j",
    (extra) => {
      expect(attestationOf(extra)).toBeUndefined();
    },
  );
});

describe("the ambient caller", () => {
  test("ends with its call's answer", async () => {
    const issuer = new Issuer();
    const later = Promise.withResolvers<void>();
    const seen = Promise.withResolvers<unknown[]>();
    const server = createAttestingServer("test", issuer.verifier());
    const guarded = server.requireAttestation({}, async () => undefined);
    server.registerTool("start", {}, async () => {
      void later.promise.then(async () => {
        const refusal = await guarded().catch((error: unknown) => error);
        seen.resolve([currentAttestation(), server.attestation, refusal]);
      });
      return said(server.attestation?.subject);
    });
    const { request } = await connectRaw(server);
    await request("initialize", initializeParams(await issuer.token()));
    expect(await request("tools/call", { name: "start" })).toMatchObject(answered(sonnet.toSpiffeId()));
    later.resolve();
    expect(await seen.promise).toEqual([undefined, undefined, expect.objectContaining({ code: 1009 })]);
  });

  test("ends when its client gives the call up", async () => {
    const issuer = new Issuer();
    const server = createAttestingServer("test", issuer.verifier());
    const started = Promise.withResolvers<void>();
    const seen = Promise.withResolvers<unknown>();
    server.registerTool("hang", {}, async ({ signal }) => {
      started.resolve();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      seen.resolve(currentAttestation());
      return said("late");
    });
    const { request, notify } = await connectRaw(server);
    await request("initialize", initializeParams(await issuer.token()));
    void request("tools/call", { name: "hang" });
    await started.promise;
    await notify("notifications/cancelled", { requestId: 2 });
    expect(await seen.promise).toBeUndefined();
  });

  test("of initialize ends with its answer", async () => {
    const issuer = new Issuer();
    const later = Promise.withResolvers<void>();
    const server = createAttestingServer("test", issuer.verifier());
    let seen: Promise<unknown> | undefined;
    const answer = server.server["_oninitialize" as never] as (request: unknown) => Promise<unknown>;
    Object.assign(server.server, {
      _oninitialize: (request: unknown) => {
        seen = later.promise.then(() => currentAttestation());
        return answer.call(server.server, request);
      },
    });
    const { request } = await connectRaw(server);
    await request("initialize", initializeParams(await issuer.token()));
    later.resolve();
    expect(seen).toBeDefined();
    expect(await seen).toBeUndefined();
  });
});

describe("server.attestation", () => {
  test("is undefined in the course of another server's call", async () => {
    const issuer = new Issuer();
    const inner = new AttestingServer(
      { name: "inner", version: "1" },
      { verifier: issuer.verifier({ policy: "optional" }) },
    );
    const outer = createAttestingServer("outer", issuer.verifier());
    outer.registerTool("ask", {}, async () =>
      said(`${outer.attestation?.subject} and ${inner.attestation?.subject}`),
    );
    const { request } = await connectRaw(outer);
    await request("initialize", initializeParams(await issuer.token()));
    expect(await request("tools/call", { name: "ask" })).toMatchObject(
      answered(`${sonnet.toSpiffeId()} and undefined`),
    );
  });
});

describe("requireAttestation", () => {
  test("denies a call that came through no gate, in the course of one that did", async () => {
    const issuer = new Issuer();
    const handler = vi.fn(async () => said("in"));
    const open = new McpServer({ name: "open", version: "1" });
    open.registerTool("guarded", {}, requireAttestation({}, handler));
    const client = new Client({ name: "c", version: "1" });
    const [clientSide, serverSide] = InMemoryTransport.createLinkedPair();
    const server = createAttestingServer("outer", issuer.verifier());
    server.registerTool("relay", {}, async () => {
      await open.connect(serverSide);
      await client.connect(clientSide);
      return (await client.callTool({ name: "guarded" })) as ReturnType<typeof said>;
    });
    const { request } = await connectRaw(server);
    await request("initialize", initializeParams(await issuer.token()));
    expect(await request("tools/call", { name: "relay" })).toMatchObject(DENIED);
    expect(handler).not.toHaveBeenCalled();
  });
});
