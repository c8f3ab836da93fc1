import { attestServer, createAttestingServer } from "@attest/mcp-server";
import { McpServer, ResourceTemplate } from "@modelcontextprotocol/sdk/server/mcp.js";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { refuseAttestation } from "../../src/guard/refuse-attestation.js";
import { Issuer } from "../support/agents.ts";

/** Methods as JavaScript calls them: with whatever it likes. */
type Loose = Readonly<Record<string, (...args: unknown[]) => Record<string, (updates: unknown) => void>>>;
const loose = (value: unknown) => value as Loose;

const run = async () => ({ content: [] });
const read = async () => ({ contents: [] });
const get = async () => ({ messages: [] });
const verifier = new Issuer().verifier();
const plain = () => new McpServer({ name: "plain", version: "1" });
const template = () => new ResourceTemplate("db://{table}", { list: undefined });
const inherited: object = Object.create({ attestation: {} });

const servers: readonly (readonly [string, () => McpServer])[] = [
  ["createAttestingServer", () => createAttestingServer("test", verifier)],
  ["attestServer", () => attestServer(plain(), { verifier })],
];

describe.each(servers)("a server of %s", (_, create) => {
  test.each([
    { attestation: {} },
    { attestation: undefined },
    { trustLevel: "provider" },
    { annotations: { attestation: {} } },
    inherited,
  ])("refuses a requirement that nobody would read: %j", (config) => {
    const server = loose(create());
    const tasks = loose(loose(create())["experimental"])["tasks"];
    for (const register of [
      () => server["registerTool"]?.("a", config, run),
      () => server["registerResource"]?.("a", "db://a", config, read),
      () => server["registerResource"]?.("a", template(), config, read),
      () => server["registerPrompt"]?.("a", config, get),
      () => server["tool"]?.("a", config, run),
      () => server["tool"]?.("a", "described", { x: z.string() }, config, run),
      () => server["resource"]?.("a", "db://a", config, read),
      () => server["prompt"]?.("a", config, get),
      () => loose(tasks)["registerToolTask"]?.("a", config, {}),
    ]) {
      expect(register).toThrow(/takes no ".*": guard the handler, .* or the name, rules/);
    }
  });

  test("refuses it in the update of what was registered, too", () => {
    const server = create();
    for (const registered of [
      server.registerTool("a", {}, run),
      server.registerResource("a", "db://a", {}, read),
      server.registerResource("b", template(), {}, read),
      server.registerPrompt("a", {}, get),
      server.tool("b", run),
      server.experimental.tasks.registerToolTask("c", {}, {} as never),
    ]) {
      const { update } = registered as unknown as { update(updates: object): void };
      expect(() => update({ attestation: {} })).toThrow(/^update takes no "attestation"/);
      update({ title: "changed" });
    }
  });

  test("registers what has no requirement, arguments of that name included", async () => {
    const server = create();
    const shape = { attestation: z.string(), trustLevel: z.string() };
    server.tool("legacy", shape, run);
    server.prompt("legacy", { attestation: z.string() }, get);
    server.registerTool("new", { inputSchema: shape }, run);
    const tool = server.registerTool("renamed", { title: "a" }, run);
    tool.update({ name: "another", paramsSchema: shape });
    expect(tool.title).toBe("a");
  });
});

describe("attestServer", () => {
  test("guards the updates of what was registered before", () => {
    const server = plain();
    const tool = server.registerTool("a", {}, run);
    const resource = server.registerResource("a", template(), {}, read);
    attestServer(server, { verifier });
    for (const { update } of [tool, resource]) {
      expect(() => update({ attestation: {} } as object)).toThrow(/^update takes no "attestation"/);
    }
  });
});

describe("refuseAttestation", () => {
  test("goes by names alone, and leaves alone what has none of them", () => {
    const calls: unknown[] = [];
    const server = { registerTool: (...args: unknown[]) => calls.push(args) };
    refuseAttestation(server);
    server.registerTool("a", { title: "b" });
    expect(() => server.registerTool("a", { attestation: {} })).toThrow(TypeError);
    expect(calls).toEqual([["a", { title: "b" }]]);
    const low = { connect: () => undefined };
    refuseAttestation(low);
    expect(Object.keys(low)).toEqual(["connect"]);
  });
});
