import { fileURLToPath } from "node:url";
import { decodeToken } from "@attest/core";
import { FixedClock } from "@attest/core/testing";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { AttestingClientSession } from "../../src/index.js";
import { clientInfo, LIFE, Provider } from "../support/agent.ts";
import { serveHttp } from "../support/gated-http.ts";
import { GatedServer } from "../support/gated-server.ts";

type Opener = (server: GatedServer) => Promise<Transport>;

const inMemory: Opener = async (server) => {
  const [client, serverSide] = InMemoryTransport.createLinkedPair();
  await server.connect(serverSide);
  return client;
};

const http: Opener = async (server) => {
  const { url } = await serveHttp((transport) => server.connect(transport));
  return new StreamableHTTPClientTransport(url) as Transport;
};

/** A session with a gated server, both and the provider by one clock, which the test moves. */
async function connected(open: Opener, getToken?: (mint: () => Promise<string>) => Promise<string>) {
  const clock = new FixedClock(Date.now() / 1000);
  const provider = new Provider({ clock });
  const server = new GatedServer(provider.verifier());
  const source = vi.fn(() => (getToken === undefined ? provider.token() : getToken(provider.token)));
  const session = new AttestingClientSession(clientInfo, { getToken: source, clock });
  onTestFinished(() => session.close());
  await session.connect(await open(server));
  const call = async (name = "any") => session.callTool({ name });
  return { clock, session, call, source, seen: server.seen };
}

describe.each([
  ["in-memory", inMemory],
  ["Streamable HTTP", http],
] as const)("a session over %s", (_, open) => {
  test("takes a fresh token along with the first request after four fifths of a life", async () => {
    const { clock, call, seen } = await connected(open);
    for (const advance of [0.8 * LIFE - 1, 1, 0]) {
      clock.advance(advance);
      await call();
    }
    expect(seen.evidence.map(({ method }) => method)).toEqual(["initialize", "tools/call"]);
    expect(seen.runs).toBe(3);
  });

  test("lives for ten lives under steady calls, with no more than one token a life", async () => {
    const { clock, call, source, seen } = await connected(open);
    for (let step = 0; step < 100; step++) {
      clock.advance(LIFE / 10);
      await call();
    }
    expect(seen.runs).toBe(100);
    expect(source).toHaveBeenCalledTimes(1 + Math.floor(100 / 8));
    expect(seen.methods.filter((method) => method === "tools/call")).toHaveLength(100);
  });

  test("renews a token that was handed out some time ago before that one expires", async () => {
    let early: Promise<string> | undefined;
    const kept: (() => Promise<string>)[] = [];
    const { clock, call, seen } = await connected(open, async (mint) => {
      kept.push(mint);
      return (await early) ?? mint();
    });
    // The provider hands out a token that it has kept since it was half a life younger.
    clock.advance(0.3 * LIFE);
    early = kept[0]?.();
    await early;
    clock.advance(0.5 * LIFE);
    await call();
    early = undefined;
    expect(seen.evidence).toHaveLength(2);
    // That one has half of its life before it, and is used for three tenths.
    clock.advance(0.3 * LIFE - 1);
    await call();
    expect(seen.evidence).toHaveLength(2);
    clock.advance(1);
    await call();
    expect(seen.evidence).toHaveLength(3);
    expect(seen.methods.filter((method) => method === "tools/call")).toHaveLength(seen.runs);
  });

  test("sends a call once more that was refused as expired, whatever the token's age seemed", async () => {
    // The agent's clock stands still, so no token is ever due.
    const clock = new FixedClock(Date.now() / 1000);
    const provider = new Provider({ clock });
    const server = new GatedServer(provider.verifier());
    const getToken = vi.fn(() => provider.token());
    const agentClock = new FixedClock(clock.now());
    const session = new AttestingClientSession(clientInfo, { getToken, clock: agentClock });
    onTestFinished(() => session.close());
    await session.connect(await open(server));
    clock.advance(LIFE);
    await session.callTool({ name: "any" });
    expect(server.seen.runs).toBe(1);
    expect(server.seen.methods.filter((method) => method === "tools/call")).toHaveLength(2);
    expect(getToken).toHaveBeenCalledTimes(2);
  });

  test("sends every one of several calls once more, each with a token of its own", async () => {
    let isDown = false;
    const { clock, call, seen } = await connected(open, async (mint) => {
      if (!isDown) return mint();
      isDown = false;
      throw new Error("the provider answered 503");
    });
    isDown = true;
    clock.advance(LIFE);
    await Promise.all([call(), call(), call()]);
    expect(seen.runs).toBe(3);
    const tokens = seen.evidence.map(({ evidence }) => decodeToken(evidence.token).claims.jti);
    expect(new Set(tokens).size).toBe(tokens.length);
  });

  test("tells the caller 1001 when the fresh token is refused as expired too", async () => {
    const stale: string[] = [];
    const { clock, call, seen } = await connected(open, async (mint) => {
      stale.push(await mint());
      return stale[0] ?? "";
    });
    clock.advance(LIFE);
    await expect(call()).rejects.toMatchObject({ name: "AttestationRejectedError", code: 1001 });
    expect(seen.runs).toBe(0);
  });

  test("tells onerror, and goes on with the old token, when there is no fresh one in time", async () => {
    let isVouchedFor = true;
    const { clock, session, call, seen } = await connected(open, async (mint) => {
      if (!isVouchedFor) throw new Error("the provider answered 403");
      return mint();
    });
    const errors: string[] = [];
    session.onerror = ({ message }) => errors.push(message);
    isVouchedFor = false;
    clock.advance(LIFE - 1);
    await call();
    expect(errors).toEqual(["the session's token could not be renewed"]);
    clock.advance(1);
    await expect(call()).rejects.toMatchObject({ name: "AttestationRejectedError", code: 1001 });
    expect(seen.runs).toBe(1);
  });

  test("does not overtake a cancellation with the request that waited for a token", async () => {
    const gate = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    let isHeld = false;
    const { clock, session, seen } = await connected(open, async (mint) => {
      if (!isHeld) return mint();
      asked.resolve();
      await gate.promise;
      isHeld = false;
      return mint();
    });
    isHeld = true;
    clock.advance(0.9 * LIFE);
    const controller = new AbortController();
    const calling = session.callTool({ name: "any" }, undefined, { signal: controller.signal });
    await asked.promise;
    controller.abort();
    await expect(calling).rejects.toThrow();
    gate.resolve();
    await session.ping();
    expect(seen.methods).not.toContain("tools/call");
  });

  test("never shows the server's own code a token", async () => {
    const { clock, call } = await connected(open);
    clock.advance(0.9 * LIFE);
    const { content } = await call();
    expect(JSON.stringify(content)).not.toContain("attestation");
  });
});

/** Life of the tokens over stdio, in seconds. Times in tokens are whole seconds, so no life is shorter. */
const BRIEF_LIFE = 1;
/** How long this machine may stand still, or a process take to start, without a token dying on its way, in seconds. */
const CLOCK_SKEW_SECONDS = 5;

describe("a session over stdio, with a server in a process of its own", () => {
  test("is verified, and outlives its first token by renewals, when tokens live for a second", {
    timeout: 60_000,
  }, async () => {
    const provider = new Provider();
    const getToken = vi.fn(() => provider.token(BRIEF_LIFE));
    const session = new AttestingClientSession(clientInfo, { getToken });
    onTestFinished(() => session.close());
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [fileURLToPath(new URL("support/brief-stdio-server.ts", import.meta.url))],
      env: {
        PROVIDER_PEM: provider.keyPair.toPem(),
        CLOCK_SKEW_SECONDS: String(CLOCK_SKEW_SECONDS),
        NODE_NO_WARNINGS: "1",
      },
    });
    await session.connect(transport);
    expect(session.attestationVerified).toBe(true);
    // By then the server refuses every call of a session that has only its first token.
    const endsAt = performance.now() + (BRIEF_LIFE + CLOCK_SKEW_SECONDS + 1) * 1000;
    while (performance.now() < endsAt) {
      await session.callTool({ name: "any" });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(getToken.mock.calls.length).toBeGreaterThan(2);
  });
});
