import { AttestationErrorCode } from "@attest/core";
import {
  type AttestationRules,
  AttestingServer,
  attestServer,
  createAttestingServer,
} from "@attest/mcp-server";
import { InMemoryTaskStore } from "@modelcontextprotocol/sdk/experimental/tasks/stores/in-memory.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { completable } from "@modelcontextprotocol/sdk/server/completable.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { enterprise, Issuer } from "./support/agents.ts";
import { connectRaw, initializeParams, openRaw, type RawConnection } from "./support/raw-connection.ts";

const PROVIDER = { trustLevel: "provider" } as const;
const codeOf = (message: JSONRPCMessage) => ("error" in message ? message.error.code : undefined);

/** An existing server that knows nothing of attestation, behind rules, with an enterprise agent connected. */
async function connect(rules: AttestationRules) {
  const issuer = new Issuer();
  const ran = vi.fn();
  const server = new McpServer({ name: "existing", version: "1" });
  for (const name of ["read", "admin_delete", "admin.x"]) {
    server.registerTool(name, { inputSchema: { x: z.string().optional() } }, async () => {
      ran(name);
      return { content: [] };
    });
  }
  for (const uri of ["db://public/a", "db://secret/a"]) {
    server.registerResource(uri, uri, {}, async () => {
      ran(uri);
      return { contents: [] };
    });
  }
  server.registerPrompt(
    "secret",
    { argsSchema: { topic: completable(z.string(), () => ["leak"]) } },
    async () => {
      ran("prompt");
      return { messages: [] };
    },
  );
  attestServer(server, { verifier: issuer.verifier(), rules });
  const [client, serverSide] = InMemoryTransport.createLinkedPair();
  await server.connect(serverSide);
  const connection = await openRaw(client);
  await connection.request("initialize", initializeParams(await issuer.token({ metadata: enterprise })));
  return { ...connection, ran };
}

async function openServer(server: McpServer): Promise<RawConnection> {
  const [client, serverSide] = InMemoryTransport.createLinkedPair();
  await server.connect(serverSide);
  return openRaw(client);
}

describe("rules", () => {
  test("are read wherever they are: in a class's getter, too", async () => {
    const issuer = new Issuer();
    class Options {
      readonly verifier = issuer.verifier();
      get rules() {
        return { tools: { sky: PROVIDER } };
      }
    }
    class MoreOptions {
      get rules() {
        return { tools: { sky: PROVIDER } };
      }
    }
    for (const server of [
      attestServer(new McpServer({ name: "a", version: "1" }), new Options()),
      new AttestingServer({ name: "a", version: "1" }, new Options()),
      createAttestingServer("a", issuer.verifier(), new MoreOptions()),
    ]) {
      server.registerTool("sky", {}, async () => ({ content: [] }));
      const { request } = await openServer(server);
      await request("initialize", initializeParams(await issuer.token({ metadata: enterprise })));
      expect(codeOf(await request("tools/call", { name: "sky" }))).toBe(
        AttestationErrorCode.INSUFFICIENT_TRUST,
      );
    }
  });

  test("are asked before the SDK looks at the arguments, and tell nothing of them", async () => {
    const issuer = new Issuer();
    const rules = { tools: { pay: PROVIDER } };
    const server = createAttestingServer("test", issuer.verifier(), { rules });
    const refine = vi.fn(() => true);
    const inputSchema = { iban: z.string().refine(refine) };
    server.registerTool("pay", { inputSchema }, async () => ({ content: [] }));
    const { request } = await openServer(server);
    await request("initialize", initializeParams(await issuer.token({ metadata: enterprise })));
    for (const args of [{}, { iban: "DE00" }]) {
      const answer = await request("tools/call", { name: "pay", arguments: args });
      expect(answer).toHaveProperty("error.code", AttestationErrorCode.INSUFFICIENT_TRUST);
      expect(JSON.stringify(answer)).not.toContain("iban");
    }
    expect(refine).not.toHaveBeenCalled();
  });

  test("guard an existing server's tools, resources and prompts by name and pattern, before their code runs", async () => {
    const { request, ran } = await connect({
      tools: { "admin_*": PROVIDER },
      resources: { "db://secret/*": PROVIDER },
      prompts: { secret: PROVIDER },
    });
    const denied = [
      await request("tools/call", { name: "admin_delete", arguments: { x: 5 } }),
      await request("resources/read", { uri: "db://secret/a" }),
      await request("resources/subscribe", { uri: "db://secret/a" }),
      await request("prompts/get", { name: "secret", arguments: { topic: "a" } }),
      await request("completion/complete", {
        ref: { type: "ref/prompt", name: "secret" },
        argument: { name: "topic", value: "" },
      }),
    ];
    for (const answer of denied) {
      expect(answer).toMatchObject({
        error: { code: AttestationErrorCode.INSUFFICIENT_TRUST, data: { policy: "required" } },
      });
    }
    expect(ran).not.toHaveBeenCalled();
    await expect(request("tools/call", { name: "read" })).resolves.toHaveProperty("result");
    await expect(request("resources/read", { uri: "db://public/a" })).resolves.toHaveProperty("result");
  });

  test("must all be met where several match", async () => {
    const { request } = await connect({ tools: { "*": {}, "admin_*": PROVIDER } });
    expect(codeOf(await request("tools/call", { name: "read" }))).toBeUndefined();
    expect(codeOf(await request("tools/call", { name: "admin_delete" }))).toBe(
      AttestationErrorCode.INSUFFICIENT_TRUST,
    );
  });

  test("take every character but the asterisk for itself", async () => {
    const { request } = await connect({ tools: { "admin.*": PROVIDER } });
    expect(codeOf(await request("tools/call", { name: "admin.x" }))).toBe(
      AttestationErrorCode.INSUFFICIENT_TRUST,
    );
    expect(codeOf(await request("tools/call", { name: "admin_delete" }))).toBeUndefined();
  });

  test.each([
    "DB://secret/a",
    " db://secret/a",
    "db://secret/b/../a",
    "db://public/a/../../../secret/a",
    "db:/\t/secret/a",
  ])("find a resource under every spelling by which the server finds it: %j", async (uri) => {
    const { request, ran } = await connect({
      resources: { "db://secret/*": PROVIDER, "db://secret/a": PROVIDER },
    });
    const answer = await request("resources/read", { uri });
    expect(answer).toHaveProperty("error");
    expect(ran).not.toHaveBeenCalled();
  });

  const PLAIN = "file:///data/secret/key.pem";
  test.each([
    ["file:///data/secret/*", "file:///data/%73ecret/key.pem"],
    ["file:///data/secret/*", "file:///data//secret/key.pem"],
    ["file:///data/secret/*", "file:///data/public/%2e%2e/secret/key.pem"],
    ["file:///data/secret/*", "file:///data/public/..%2Fsecret/key.pem"],
    ["file:///data/secret/*", "file:///data/%FF/..%2f../data/%73ecret/key.pem"],
    [PLAIN, `${PLAIN}?`],
    [PLAIN, `${PLAIN}?x`],
    [PLAIN, `${PLAIN}#x`],
    ["file:///data/*.pem", `${PLAIN}?x`],
    ["file:///data/My Docs/*", "file:///data/My%20Docs/a"],
    ["file:///data/My%20Docs/*", "file:///data/My Docs/a"],
    ["notes://café/*", "notes://caf%C3%A9/1"],
    ["db://secret/*", "db://%73ecret/1"],
    ["https://Wiki.example.com/*", "https://wiki.example.com/x"],
    ["https://wiki.example.com:443/*", "https://wiki.example.com/x"],
    ["HTTPS://wiki.example.com/*", "https://wiki.example.com/x"],
    ["*://secret/*", "DB://secret/1"],
    ["db://secret/*", "db://SECRET/a"],
    ["db://secret/*", "db://x@secret/a"],
    ["db://secret/*", "db://secret:1/a"],
    ["db://secret/*", "db://SECRET:1/%2e/a?x"],
    ["db://secret/*", "db://secret%3A1/a"],
    ["db://secret/*", "db:////secret/a"],
    ["file:///data/secret/*", "file:///%2fdata/..%2fdata/secret/a"],
    ["file:///data/secret/*", "file:///x%2fy/../data/secret/a"],
    ["file:///data/secret/*", "file:///x%252fy/%252e%252e/data/secret/a"],
    ["file:///data/secret/*", "file://elsewhere/data/secret/a"],
    ["file:///data/secret/*", "file:///data/%2573ecret/a"],
    ["file:///data/secret/*", "file:///data\\secret\\a"],
    ["file:///data/secret/*", "file:///data/SECRET/a"],
    ["file:///data/secret/*", "file:///data/sec%09ret/a"],
    ["file:///data/secret/*", "file:///data/secret;v=1/a"],
    ["file:///data/secret/*", "file:///data/x%c0%af..%c0%afsecret/a"],
    ["https://wiki.example.com/*", "https://wiki.example.com./x"],
    ["https://wiki.example.com/*", "https://ｗｉｋｉ.example。com/x"],
    ["https://10.0.0.1/*", "https://0xa.1/x"],
    ["db://10.0.0.1/*", "db://167772161/x"],
  ])("for %j hold for %j, which a handler may take for the same", async (pattern, uri) => {
    const { request } = await connect({ resources: { [pattern]: PROVIDER } });
    expect(codeOf(await request("resources/read", { uri }))).toBe(AttestationErrorCode.INSUFFICIENT_TRUST);
  });

  test.each([
    ["file:///data/secret/*", "file:///data/secrets"],
    ["file:///data/secret/*", "file:///data/public/secret"],
    ["https://wiki.example.com/a*", "https://wiki.example.com/b"],
    ["db://secret/*", "db://public/a?db://secret/a"],
  ])("for %j leave %j alone", async (pattern, uri) => {
    const { request } = await connect({ resources: { [pattern]: PROVIDER } });
    expect(codeOf(await request("resources/read", { uri }))).not.toBe(
      AttestationErrorCode.INSUFFICIENT_TRUST,
    );
  });

  test("let no more than 256 of a session's calls wait", async () => {
    let checks = 0;
    const check = () => {
      checks += 1;
      return new Promise<boolean>(() => undefined);
    };
    const { request } = await connect({ tools: { read: { check } } });
    const first = Array.from({ length: 256 }, () => request("tools/call", { name: "read" }));
    expect(codeOf(await request("tools/call", { name: "read" }))).toBe(-32000);
    expect(checks).toBe(first.length);
    expect(codeOf(await request("tools/call", { name: "admin_delete" }))).toBeUndefined();
  });

  test("take no longer for a long name than it is long", async () => {
    const { request } = await connect({ resources: { "*://*/hidden/*.key": PROVIDER } });
    const startedAt = performance.now();
    await request("resources/read", { uri: `a://${"/hidden/".repeat(40_000)}` });
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });

  test.each([
    ["a*c", "abc", true],
    ["a*c", "ac", true],
    ["a*ca", "aca", true],
    ["ab*ba", "aba", false],
    ["*a*b*", "xaxbx", true],
    ["*a*b*", "xbxax", false],
    ["*", "anything", true],
  ])("match by %j the name %j: %s", async (pattern, name, matches) => {
    const { request } = await connect({ tools: { [pattern]: PROVIDER } });
    const code = codeOf(await request("tools/call", { name }));
    expect(code === AttestationErrorCode.INSUFFICIENT_TRUST).toBe(matches);
  });

  test("answer a request whose name is no string", async () => {
    const { request } = await connect({ tools: { "admin_*": PROVIDER } });
    const odd = { name: { toString: 1, valueOf: 1 } } as unknown as Record<string, unknown>;
    await expect(request("tools/call", odd)).resolves.toHaveProperty("error");
  });

  test("deny when their check throws, and may take their time", async () => {
    const { request } = await connect({
      tools: {
        read: { check: () => new Promise((resolve) => setTimeout(() => resolve(true), 5)) },
        admin_delete: { check: () => Promise.reject(new Error("directory is down")) },
      },
    });
    expect(codeOf(await request("tools/call", { name: "read" }))).toBeUndefined();
    expect(codeOf(await request("tools/call", { name: "admin_delete" }))).toBe(
      AttestationErrorCode.INSUFFICIENT_TRUST,
    );
  });

  test("throw a TypeError that names the rule when one makes no sense", () => {
    const verifier = new Issuer().verifier();
    const attest = (rules: unknown) =>
      attestServer(new McpServer({ name: "a", version: "1" }), {
        verifier,
        rules: rules as AttestationRules,
      });
    expect(() => attest({ tool: {} })).toThrow(/unknown option "tool"/);
    expect(() => attest({ tools: [] })).toThrow(/rules.tools must be an object/);
    expect(() => attest({ tools: new Map([["x", {}]]) })).toThrow(
      /rules.tools must be an object.* got a Map/,
    );
    expect(() => attest({ tools: undefined })).toThrow(/tools is present but undefined/);
    expect(() => attest({ tools: { x: undefined } })).toThrow(/the rule for "x" in tools/);
    expect(() => attest(new Map([["tools", {}]]))).toThrow(/rules takes an object of options, got a Map/);
    expect(() => attest({ resources: { [`db://${"a/../".repeat(40_000)}`]: {} } })).toThrow(/too long/);
    expect(() => attest({ tools: { x: { trustlevel: "provider" } } })).toThrow(
      /the rule for "x" in tools.*trustlevel/,
    );
  });
});

describe("tasks", () => {
  test.each(["tasks/list", "tasks/get", "tasks/result", "tasks/cancel"])(
    "of a server with guarded tools are for attested agents: %s",
    async (method) => {
      const issuer = new Issuer();
      const server = createAttestingServer("test", issuer.verifier({ policy: "optional" }), {
        rules: { tools: { guarded: {} } },
        onUnattested: () => undefined,
      });
      server.registerTool("guarded", {}, async () => ({ content: [] }));
      const stranger = await connectRaw(server);
      await stranger.request("initialize", initializeParams());
      expect(await stranger.request(method, { taskId: "t" })).toHaveProperty("error.code", 1009);
    },
  );

  test("of a tool that made them are judged by its rule, and those of an open tool are open", async () => {
    const issuer = new Issuer();
    const store = new InMemoryTaskStore();
    const server = createAttestingServer("test", issuer.verifier({ policy: "optional" }), {
      rules: { tools: { "late_*": { check: () => isAllowed } } },
      serverOptions: {
        capabilities: { tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } },
        taskStore: store,
      },
    });
    let isAllowed = true;
    for (const name of ["late_report", "open_report"]) {
      server.experimental.tasks.registerToolTask(
        name,
        { execution: { taskSupport: "required" } },
        {
          createTask: async ({ taskStore }) => ({ task: await taskStore.createTask({}) }),
          getTask: ({ taskId, taskStore }) => taskStore.getTask(taskId),
          getTaskResult: async () => ({ content: [] }),
        },
      );
    }
    const makeTask = async (request: RawConnection["request"], name: string) => {
      const answer = await request("tools/call", { name, arguments: {}, task: {} });
      return (answer as unknown as { result: { task: { taskId: string } } }).result.task.taskId;
    };
    const agent = await connectRaw(server);
    await agent.request("initialize", initializeParams(await issuer.token()));
    const taskId = await makeTask(agent.request, "late_report");
    expect(await agent.request("tasks/get", { taskId })).toHaveProperty("result.status", "working");
    isAllowed = false;
    for (const method of ["tasks/get", "tasks/result", "tasks/cancel"]) {
      expect(await agent.request(method, { taskId })).toHaveProperty("error.code", 1013);
    }
    await server.close();
    const stranger = await connectRaw(server);
    await stranger.request("initialize", initializeParams());
    const open = await makeTask(stranger.request, "open_report");
    expect(await stranger.request("tasks/get", { taskId: open })).toHaveProperty("result.status", "working");
    expect(await stranger.request("tasks/get", { taskId })).toHaveProperty("error.code", 1009);
  });
});
