import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { AttestationErrorCode, type Verifier } from "@attest/core";
import { FixedClock } from "@attest/core/testing";
import { AttestingClientSession } from "@attest/mcp-client";
import { createAttestingServer } from "@attest/mcp-server";
import { HttpSessions, toNodeHandler } from "@attest/mcp-server/http";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { Issuer, opus, sonnet } from "./support/agents.ts";
import { initializeParams, openRaw } from "./support/raw-connection.ts";

const LIFE = 300;
const SKEW = 30;

/** A server with one guarded tool, and an issuer, that go by one clock which the test moves. */
function world() {
  const clock = new FixedClock(Date.now() / 1000);
  const issuer = new Issuer();
  const verifier = issuer.verifier({ clock, clockSkewSeconds: SKEW });
  const ran = vi.fn();
  const createMcpServer = () => {
    const server = createAttestingServer("test", verifier);
    server.registerTool(
      "guarded",
      {},
      server.requireAttestation({}, async (extra) => {
        ran(extra._meta);
        return { content: [{ type: "text", text: server.attestation?.claims?.jti ?? "" }] };
      }),
    );
    server.registerTool("own-1001", {}, async () => {
      ran();
      throw Object.assign(new Error("my own"), { code: 1001 });
    });
    return server;
  };
  const mint = (identity = sonnet) => issuer.token({ identity, lifetimeSeconds: LIFE, clock });
  return { clock, verifier, createMcpServer, mint, ran };
}

type Opener = (createMcpServer: () => McpServer, verifier: Verifier) => Promise<Transport>;

const inMemory: Opener = async (createMcpServer) => {
  const [client, serverSide] = InMemoryTransport.createLinkedPair();
  await createMcpServer().connect(serverSide);
  return client;
};

const http: Opener = async (createMcpServer, verifier) => {
  const sessions = new HttpSessions({ verifier, createServer: createMcpServer });
  const server = createServer(toNodeHandler(sessions.handle));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    await sessions.close();
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`)) as Transport;
};

describe.each([
  ["in-memory", inMemory],
  ["Streamable HTTP", http],
] as const)("a session over %s", (_, open) => {
  async function connected(getToken: (mint: () => Promise<string>) => Promise<string>) {
    const { clock, verifier, createMcpServer, mint, ran } = world();
    const source = { getToken: vi.fn(() => getToken(mint)), clock };
    const session = new AttestingClientSession({ name: "agent", version: "1" }, source);
    onTestFinished(() => session.close());
    const transport = await open(createMcpServer, verifier);
    await session.connect(transport);
    const call = async (name = "guarded") => session.callTool({ name });
    return { clock, session, call, ran, getToken: source.getToken };
  }

  test("lives for ten token lives under steady calls: no refusal, and no more than one token a life", async () => {
    const { clock, call, ran, getToken } = await connected((mint) => mint());
    const tokens = new Set<string>();
    for (let step = 0; step < 100; step++) {
      clock.advance(LIFE / 10);
      const { content } = await call();
      tokens.add(JSON.stringify(content));
    }
    expect(ran).toHaveBeenCalledTimes(100);
    // One to begin with, and one each time four fifths of the life have gone.
    expect(getToken).toHaveBeenCalledTimes(1 + Math.floor(100 / 8));
    expect(tokens.size).toBe(1 + Math.floor(100 / 8));
    for (const [meta] of ran.mock.calls) expect(JSON.stringify(meta ?? {})).not.toContain("attestation");
  });

  test("ends within one life when its agent is no longer vouched for", async () => {
    let isVouchedFor = true;
    const { clock, call, session } = await connected(async (mint) => {
      if (!isVouchedFor) throw new Error("the provider answered 403");
      return mint();
    });
    const errors: string[] = [];
    session.onerror = ({ message }) => errors.push(message);
    isVouchedFor = false;
    clock.advance(LIFE + SKEW - 1);
    await call();
    expect(errors).toEqual(["the session's token could not be renewed"]);
    clock.advance(1);
    await expect(call()).rejects.toMatchObject({
      name: "AttestationRejectedError",
      code: AttestationErrorCode.TOKEN_EXPIRED,
    });
  });

  test("that slept past its token's life is renewed by its next call, which runs once", async () => {
    const { clock, call, ran, getToken } = await connected((mint) => mint());
    clock.advance(10 * LIFE);
    await call();
    expect(ran).toHaveBeenCalledTimes(1);
    expect(getToken).toHaveBeenCalledTimes(2);
  });

  test("sends a call once more that was refused as expired before it ran, and does not call twice what ran", async () => {
    let tokens = 0;
    const { clock, call, ran } = await connected(async (mint) => {
      tokens += 1;
      // The renewal in good time fails, so the calls go out without one and are refused first.
      if (tokens === 2) throw new Error("the provider answered 503");
      return mint();
    });
    clock.advance(LIFE + SKEW);
    await Promise.all([call(), call(), call()]);
    expect(ran).toHaveBeenCalledTimes(3);
    expect(tokens).toBeGreaterThan(2);
  });

  test("does not send a call again whose tool failed with a code 1001 of its own", async () => {
    const { call, ran } = await connected((mint) => mint());
    await call("own-1001").catch(() => undefined);
    expect(ran).toHaveBeenCalledTimes(1);
  });
});

describe("the gate, when a request brings a token", () => {
  const KEY = "security.attestation";
  const renewing = (token: string) => ({
    name: "guarded",
    _meta: { [KEY]: { version: "0.1.0", token }, other: 1 },
  });

  async function ready() {
    const { clock, verifier, createMcpServer, mint, ran } = world();
    const connection = await openRaw(await inMemory(createMcpServer, verifier));
    await connection.request("initialize", initializeParams(await mint()));
    return { ...connection, clock, mint, ran };
  }

  test("refuses, 1004, one that speaks of another subject, and keeps the context it had", async () => {
    const { request, mint, ran } = await ready();
    await expect(request("tools/call", renewing(await mint(opus)))).resolves.toMatchObject({
      error: { code: AttestationErrorCode.UNKNOWN_ISSUER },
    });
    expect(ran).not.toHaveBeenCalled();
    await expect(request("tools/call", { name: "guarded" })).resolves.toHaveProperty("result.content");
  });

  test.each([
    ["is malformed", AttestationErrorCode.MALFORMED_TOKEN, async () => "a.b.c"],
    ["has been used", AttestationErrorCode.REPLAY_DETECTED, async (token: string) => token],
    ["was signed by another", AttestationErrorCode.INVALID_SIGNATURE, async () => new Issuer().token()],
  ])(
    "refuses the request when the token %s, with its code, and does not run it",
    async (_, code, present) => {
      const { request, mint, ran } = await ready();
      const used = await mint();
      await request("tools/call", renewing(used));
      ran.mockClear();
      await expect(request("tools/call", renewing(await present(used)))).resolves.toMatchObject({
        error: { code },
      });
      expect(ran).not.toHaveBeenCalled();
      await expect(request("tools/call", { name: "guarded" })).resolves.toHaveProperty("result.content");
    },
  );

  test("takes the token out, leaves the rest of _meta in, and goes by the new token from then on", async () => {
    const { request, mint, ran, clock } = await ready();
    clock.advance(LIFE - 1);
    await request("tools/call", renewing(await mint()));
    expect(ran).toHaveBeenCalledExactlyOnceWith({ other: 1 });
    clock.advance(LIFE - 1);
    await expect(request("tools/call", { name: "guarded" })).resolves.toHaveProperty("result.content");
  });

  test("takes a token out of a notification too", async () => {
    const { createMcpServer, mint } = world();
    const server = createMcpServer();
    const heard = vi.fn();
    server.server.fallbackNotificationHandler = async ({ params }) => heard(params);
    const [client, serverSide] = InMemoryTransport.createLinkedPair();
    await server.connect(serverSide);
    const { request, notify } = await openRaw(client);
    await request("initialize", initializeParams(await mint()));
    await notify("notifications/vendor", renewing(await mint()));
    await notify("notifications/vendor", { _meta: { [KEY]: null } });
    await vi.waitFor(() => expect(heard).toHaveBeenCalledTimes(2));
    expect(heard.mock.calls).toEqual([[{ name: "guarded", _meta: { other: 1 } }], [{}]]);
  });

  test("keeps the token that was issued last, whichever comes last", async () => {
    const { request, mint, clock } = await ready();
    const early = await mint();
    clock.advance(100);
    await request("tools/call", renewing(await mint()));
    await request("tools/call", renewing(early));
    clock.advance(LIFE + SKEW - 1);
    await expect(request("tools/call", { name: "guarded" })).resolves.toHaveProperty("result.content");
  });
});
