import { createAttestingServer } from "@attest/mcp-server";
import { ResourceTemplate } from "@modelcontextprotocol/sdk/server/mcp.js";
import { describe, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { Issuer } from "./support/agents.ts";

describe("requireAttestation", () => {
  test("leaves the types of a handler's arguments to be inferred, with and without an input schema", () => {
    const server = createAttestingServer("typed", new Issuer().verifier());
    const guard = server.requireAttestation;
    server.registerTool(
      "no-input",
      {},
      guard({}, async (extra) => {
        expectTypeOf(extra.signal).toEqualTypeOf<AbortSignal>();
        return { content: [] };
      }),
    );
    server.registerTool(
      "input",
      { inputSchema: { city: z.string(), days: z.number().optional() } },
      guard({ trustLevel: "provider" }, async ({ city, days }, extra) => {
        expectTypeOf(city).toBeString();
        expectTypeOf(days).toEqualTypeOf<number | undefined>();
        expectTypeOf(extra.signal).toEqualTypeOf<AbortSignal>();
        return { content: [] };
      }),
    );
    server.registerResource(
      "fixed",
      "a://b",
      {},
      guard({}, async (uri) => {
        expectTypeOf(uri).toEqualTypeOf<URL>();
        return { contents: [] };
      }),
    );
    server.registerResource(
      "template",
      new ResourceTemplate("a://{x}", { list: undefined }),
      {},
      guard({}, async (uri, { x }) => {
        expectTypeOf(uri).toEqualTypeOf<URL>();
        expectTypeOf(x).toEqualTypeOf<string | string[] | undefined>();
        return { contents: [] };
      }),
    );
    server.registerPrompt(
      "prompt",
      { argsSchema: { topic: z.string() } },
      guard({}, async ({ topic }) => {
        expectTypeOf(topic).toBeString();
        return { messages: [] };
      }),
    );
  });
});
