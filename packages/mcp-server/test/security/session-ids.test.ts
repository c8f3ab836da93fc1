import { AttestationErrorCode, type Verifier } from "@attest/core";
import { FixedClock } from "@attest/core/testing";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { Issuer, opus, sonnet } from "../support/agents.ts";
import { startHttpHost } from "../support/http-host.ts";
import { initializeParams } from "../support/raw-connection.ts";
import { listen, post } from "./support/http-endpoint.ts";
import { createWitnessServer } from "./support/witness-server.ts";

/*
 * A session's id is what a client is known by over HTTP, so it is a bearer secret: who has it is taken for that
 * client until the session ends. What it is not: a way to be somebody else in it, or to outlive it.
 */

const initialize = (token?: string) => ({
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: initializeParams(token),
});

const call = (name: string, token?: string) => ({
  jsonrpc: "2.0",
  id: 2,
  method: "tools/call",
  params: { name, ...(token ? { _meta: { "security.attestation": { version: "0.1.0", token } } } : {}) },
});

const codeOf = (message: JSONRPCMessage | undefined) =>
  message !== undefined && "error" in message ? message.error.code : undefined;
const textOf = (message: JSONRPCMessage | undefined) =>
  message !== undefined && "result" in message
    ? (message.result["content"] as [{ text: string }])[0].text
    : undefined;

/** A place where sessions are kept: where it is, and how many there are. */
type Host = (
  createServer: () => ReturnType<typeof createWitnessServer>,
  verifier: Verifier,
) => Promise<{
  readonly url: URL;
  readonly size: () => number;
}>;

const hosts: readonly (readonly [string, Host])[] = [
  [
    "HttpSessions",
    async (createServer, verifier) => {
      const { url, sessions } = await listen({ verifier, createServer });
      return { url, size: () => sessions.size };
    },
  ],
  [
    "a host as the SDK documents it",
    async (createServer) => {
      const host = await startHttpHost(createServer);
      onTestFinished(() => host.close());
      return { url: host.url, size: () => host.sessions.size };
    },
  ],
];

describe.each(hosts)("another session's id, at %s,", (_, start) => {
  async function host() {
    const issuer = new Issuer();
    const saw: string[] = [];
    const clock = new FixedClock(Date.now() / 1000);
    const verifier = issuer.verifier({ clock });
    const options = { verifier, clock, saw: (what: string) => void saw.push(what) };
    const { url, size } = await start(() => createWitnessServer(options), verifier);
    const open = async (identity: typeof sonnet): Promise<string> => {
      const { sessionId } = await post(url, initialize(await issuer.token({ identity })));
      if (sessionId === undefined) throw new Error("no session");
      return sessionId;
    };
    return { issuer, saw, url, size, open };
  }

  test("is of no use where there is no such session: unknown, near, doubled or empty", async () => {
    const { url, saw, open, issuer } = await host();
    const live = await open(sonnet);
    const seen = saw.length;
    const token = await issuer.token();
    for (const id of [
      crypto.randomUUID(),
      live.toUpperCase(),
      live.slice(0, -1),
      `${live}0`,
      `${live}, ${live}`,
      "__proto__",
      "constructor",
    ]) {
      for (const body of [call("open"), call("vouched", token), initialize(token), [call("open")]]) {
        const answer = await post(url, body, { sessionId: id });
        expect({ id, status: answer.status }).toEqual({ id, status: 404 });
      }
      for (const method of ["GET", "DELETE"]) {
        expect((await post(url, undefined, { sessionId: id, method })).status).toBe(404);
      }
    }
    expect((await post(url, call("open"), { sessionId: "" })).status).toBeGreaterThanOrEqual(400);
    expect(saw).toHaveLength(seen);
    expect(textOf((await post(url, call("vouched"), { sessionId: live })).messages[0])).toBe(
      sonnet.toSpiffeId(),
    );
  });

  test("is of no use when that session has ended: by its client, or by a refusal", async () => {
    const { url, saw, open, size, issuer } = await host();
    const ended = await open(sonnet);
    expect((await post(url, undefined, { sessionId: ended, method: "DELETE" })).status).toBe(200);
    const refused = await post(url, initialize("not.a.token"));
    expect(codeOf(refused.messages[0])).toBe(AttestationErrorCode.MALFORMED_TOKEN);
    await vi.waitFor(() => expect(size()).toBe(0), { timeout: 10_000 });
    const seen = saw.length;
    for (const sessionId of [ended, refused.sessionId].filter((id) => id !== undefined)) {
      expect((await post(url, call("open"), { sessionId })).status).toBe(404);
      expect((await post(url, call("vouched", await issuer.token()), { sessionId })).status).toBe(404);
      expect((await post(url, initialize(await issuer.token()), { sessionId })).status).toBe(404);
    }
    expect(saw).toHaveLength(seen);
  });

  test("makes whoever has it that session's agent and nobody else: its context is the session's", async () => {
    const { url, open, issuer } = await host();
    const [victim, thief] = [await open(sonnet), await open(opus)];
    const asVictim = (body: unknown) => post(url, body, { sessionId: victim });
    // A bearer secret: with it the thief's call is the victim's.
    expect(textOf((await asVictim(call("vouched"))).messages[0])).toBe(sonnet.toSpiffeId());
    // Not with a token of the thief's own can it become another's.
    const another = await issuer.token({ identity: opus });
    expect(codeOf((await asVictim(call("vouched", another))).messages[0])).toBe(
      AttestationErrorCode.UNKNOWN_ISSUER,
    );
    expect((await asVictim(initialize(await issuer.token({ identity: opus })))).status).toBe(400);
    expect(textOf((await asVictim(call("vouched"))).messages[0])).toBe(sonnet.toSpiffeId());
    expect(textOf((await post(url, call("vouched"), { sessionId: thief })).messages[0])).toBe(
      opus.toSpiffeId(),
    );
  });

  test("vouches for nobody once the token of that session has expired", async () => {
    const { url, open } = await host();
    const sessionId = await open(sonnet);
    const later = { ...call("advance"), params: { name: "advance", arguments: { seconds: 331 } } };
    await post(url, later, { sessionId });
    expect(codeOf((await post(url, call("vouched"), { sessionId })).messages[0])).toBe(
      AttestationErrorCode.TOKEN_EXPIRED,
    );
  });
});
