import { AttestationErrorCode } from "@attest/core";
import { type AttestationRules, attestServer, createAttestingServer } from "@attest/mcp-server";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { completable } from "@modelcontextprotocol/sdk/server/completable.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { enterprise, Issuer } from "./support/agents.ts";
import { initializeParams, openRaw } from "./support/raw-connection.ts";

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

describe("rules", () => {
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

  test("answer a request whose name is no text", async () => {
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
    expect(() => attest({ tools: { x: { trustlevel: "provider" } } })).toThrow(
      /the rule for "x" in tools.*trustlevel/,
    );
  });
});

describe("AttestingServer.registerTool", () => {
  test("guards a tool by its `attestation`, renamed ones too, and infers its handler's arguments", async () => {
    const issuer = new Issuer();
    const server = createAttestingServer("test", issuer.verifier());
    const tool = server.registerTool(
      "restart",
      { inputSchema: { service: z.string() }, attestation: PROVIDER },
      async ({ service }) => ({ content: [{ type: "text", text: service.toUpperCase() }] }),
    );
    server.registerTool("open", {}, async () => ({ content: [] }));
    tool.update({ name: "reboot" });
    const [client, serverSide] = InMemoryTransport.createLinkedPair();
    await server.connect(serverSide);
    const { request } = await openRaw(client);
    await request("initialize", initializeParams(await issuer.token({ metadata: enterprise })));
    const denied = await request("tools/call", { name: "reboot", arguments: { service: "mail" } });
    expect(codeOf(denied)).toBe(AttestationErrorCode.INSUFFICIENT_TRUST);
    expect(codeOf(await request("tools/call", { name: "open" }))).toBeUndefined();
    expect(JSON.stringify(await request("tools/list"))).not.toContain("trustLevel");
  });
});
