import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { describe, expect, test } from "vitest";
import { attestTransport } from "../../src/index.js";
import { clientInfo } from "../support/agent.ts";
import { KEY, silentServer } from "../support/silent-server.ts";

describe("attestTransport", () => {
  test("changes the transport in place and serves a client of the SDK's own", async () => {
    const { server, transport } = await silentServer();
    expect(attestTransport(transport, { getToken: () => "a.b.c" })).toBe(transport);
    await new Client(clientInfo).connect(transport);
    expect(server.getClientCapabilities()?.experimental?.[KEY]).toMatchObject({ token: "a.b.c" });
  });

  test("throws a TypeError for a transport that attests already", async () => {
    const { transport } = await silentServer();
    attestTransport(transport, { getToken: () => "a.b.c" });
    expect(() => attestTransport(transport, { getToken: () => "a.b.c" })).toThrow(
      /attests already: every connect.* takes a new one/,
    );
  });

  test("throws a TypeError for what is no transport, and without a token source", async () => {
    const { transport } = await silentServer();
    const source = { getToken: () => "a.b.c" };
    for (const nothing of [undefined, null, {}, "https://mcp.example.com"]) {
      expect(() => attestTransport(nothing as never, source)).toThrow(/needs a client transport/);
    }
    expect(() => attestTransport(transport, undefined as never)).toThrow(
      /attestTransport needs a token source/,
    );
    expect(() => attestTransport(transport, { ...source, audience: "a" } as never)).toThrow(
      /attestTransport: unknown option "audience"/,
    );
    expect(attestTransport(transport, source)).toBe(transport);
  });
});
