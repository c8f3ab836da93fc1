import type { AttestationObserver } from "@attest/core";
import { decodeToken } from "@attest/core";
import { FixedClock } from "@attest/core/testing";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { describe, expect, onTestFinished, test } from "vitest";
import { AttestingClientSession, type ClientEvent } from "../src/index.js";
import { AUDIENCE, clientInfo, LIFE, Provider } from "./support/agent.ts";
import { GatedServer } from "./support/gated-server.ts";
import { KEY, silentServer, statusOf } from "./support/silent-server.ts";

/** A session with a gated server, whose tokens come from `give`, and the events of the session. */
async function watched(give: (mint: () => Promise<string>) => string | Promise<string> = (mint) => mint()) {
  const clock = new FixedClock(1_800_000_000);
  const provider = new Provider({ clock });
  const server = new GatedServer(provider.verifier());
  const events: ClientEvent[] = [];
  const tokens: string[] = [];
  const getToken = async () => {
    const token = await give(provider.token);
    tokens.push(token);
    return token;
  };
  const observer: AttestationObserver<ClientEvent> = { record: (event) => events.push(event) };
  const source = { getToken, clock, observer, targetAudience: AUDIENCE };
  const session = new AttestingClientSession(clientInfo, source);
  onTestFinished(() => session.close());
  const [transport, serverSide] = InMemoryTransport.createLinkedPair();
  await server.connect(serverSide);
  return { clock, events, tokens, session, transport };
}

const jtiOf = (token = "") => decodeToken(token).claims.jti?.slice(0, 8);

describe("an observer of a client", () => {
  test("is told of every token that is fetched and renewed, and never the token", async () => {
    const { clock, events, tokens, session, transport } = await watched();
    await session.connect(transport);
    clock.advance(0.8 * LIFE);
    await session.callTool({ name: "any" });
    expect(events).toEqual([
      {
        type: "token_fetched",
        audience: AUDIENCE,
        jti: jtiOf(tokens[0]),
        expiresAt: 1_800_000_000 + LIFE,
        durationSeconds: expect.any(Number),
      },
      {
        type: "token_renewed",
        audience: AUDIENCE,
        jti: jtiOf(tokens[1]),
        expiresAt: 1_800_000_000 + 1.8 * LIFE,
        durationSeconds: expect.any(Number),
      },
    ]);
    expect(JSON.parse(JSON.stringify(events))).toEqual(events);
    for (const part of tokens.flatMap((token) => token.split(".").slice(1))) {
      expect(JSON.stringify(events)).not.toContain(part);
    }
  });

  test("is told of a token that the server refuses, at initialize and at a renewal", async () => {
    const wrong = new Provider({ clock: new FixedClock(1_800_000_000) });
    const given = [() => wrong.token()];
    const { events, session, transport } = await watched((mint) => (given.shift() ?? mint)());
    await expect(session.connect(transport)).rejects.toMatchObject({ code: 1003 });
    expect(events.map(({ type }) => type)).toEqual(["token_fetched", "token_refused"]);
    expect(events[1]).toMatchObject({ by: "server", code: 1003, audience: AUDIENCE });

    const later = await watched((mint) => (later.tokens.length === 1 ? wrong.token() : mint()));
    await later.session.connect(later.transport);
    later.clock.advance(0.9 * LIFE);
    await expect(later.session.callTool({ name: "any" })).rejects.toMatchObject({ code: 1003 });
    expect(later.events.map(({ type }) => type)).toEqual(["token_fetched", "token_renewed", "token_refused"]);
    expect(later.events[2]).toMatchObject({ by: "server", code: 1003, jti: jtiOf(later.tokens[1]) });
  });

  test("is told of a token for which a server that lets everybody in did not verify the agent", async () => {
    const events: ClientEvent[] = [];
    const status = { ...statusOf("failed"), error: "expired", error_code: 1001 };
    const { transport } = await silentServer({ [KEY]: status });
    const observer = { record: (event: ClientEvent) => events.push(event) };
    const session = new AttestingClientSession(clientInfo, { getToken: () => "a.b.c", observer });
    await session.connect(transport);
    expect(events).toMatchObject([
      { type: "token_fetched", audience: null, jti: null, expiresAt: null },
      { type: "token_refused", by: "server", code: 1001, jti: null },
    ]);
  });

  test("is told as text why a token source gave no token", async () => {
    const { events, session, transport } = await watched(() => {
      throw new Error("the provider answered 503", { cause: new Error("\u001b[31mdown") });
    });
    await expect(session.connect(transport)).rejects.toThrow("503");
    expect(events).toEqual([
      {
        type: "token_refused",
        by: "source",
        audience: AUDIENCE,
        durationSeconds: expect.any(Number),
        cause: ["Error: the provider answered 503", "Error: \\u001b[31mdown"],
      },
    ]);
  });

  test("changes nothing when it throws", async () => {
    const { transport } = await silentServer();
    const observer = {
      record: () => {
        throw new Error("observer");
      },
    };
    const session = new AttestingClientSession(clientInfo, { getToken: () => "a.b.c", observer });
    await expect(session.connect(transport)).resolves.toBeUndefined();
  });
});
