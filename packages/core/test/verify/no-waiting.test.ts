import { describe, expect, test } from "vitest";
import { KeyPair } from "../../src/keys/key-pair.js";
import type { KeyResolver, ReplayCache } from "../../src/ports.js";
import { InMemoryReplayCache } from "../../src/replay/in-memory-replay-cache.js";
import { FixedClock } from "../../src/testing.js";
import { attested, NOW } from "../support/attested.js";
import { forge, HEADER } from "../support/forge.js";
import { thenable } from "../support/thenable.js";

/** How many turns of the microtask queue `promise` takes to settle. */
async function turnsOf(promise: Promise<unknown>): Promise<number> {
  let isSettled = false;
  const settle = () => {
    isSettled = true;
  };
  promise.then(settle, settle);
  let turns = 0;
  for (; !isSettled; turns++) await undefined;
  return turns;
}

describe("AttestationVerifier.verify, with keys and used ids in memory", () => {
  test("settles within one turn of the microtask queue when the token passes", async () => {
    const { verifier, createToken } = attested();
    const token = await createToken();
    expect(await turnsOf(verifier.verify(token))).toBe(1);
  });

  test("settles within one turn of the microtask queue when the token is refused", async () => {
    const { verifier, createToken } = attested();
    const token = await createToken();
    await verifier.verify(token);
    expect(await turnsOf(verifier.verify(token))).toBe(1);
    expect(await turnsOf(verifier.verify("no token"))).toBe(1);
  });

  test("runs its checks before verify returns", async () => {
    const { clock, verifier, createToken } = attested();
    const token = await createToken();
    const verifying = verifier.verify(token);
    clock.advance(1e6);
    expect(await verifying).toMatchObject({ verified: true });
  });
});

describe.each<[string, (answer: () => unknown) => unknown]>([
  ["itself", (answer) => answer()],
  ["by a promise", async (answer) => answer()],
  ["by a promise, later", (answer) => new Promise((resolve) => setImmediate(() => resolve(answer())))],
  ["by another library's promise", (answer) => thenable((resolve) => resolve(answer()))],
  [
    "by another library's promise, later",
    (answer) => thenable((resolve) => setImmediate(() => resolve(answer()))),
  ],
])("A key resolver and a replay cache that give their answer %s", (_, give) => {
  /** A verifier between an issuer's keys and used ids in memory, which it reaches through ports of the user's own. */
  function throughPorts() {
    const used = new InMemoryReplayCache({ clock: new FixedClock(NOW) });
    const { keyPair } = attested();
    const replayCache = { checkAndAdd: (id: string, exp: number) => give(() => used.checkAndAdd(id, exp)) };
    const keyResolver = { getKey: (_issuer: string, kid: string) => give(() => keys.get(kid)) };
    const keys = new Map([["key-1", keyPair.publicKey]]);
    const { verifier } = attested({
      replayCache: replayCache as unknown as ReplayCache,
      keyResolver: keyResolver as KeyResolver,
    });
    return { verifier, keyPair };
  }

  test("let a token in once", async () => {
    const { verifier, keyPair } = throughPorts();
    const token = forge(keyPair);
    expect(await verifier.verify(token)).toMatchObject({ verified: true });
    expect(await verifier.verify(token)).toMatchObject({ errorCode: 1006, failedCheck: "replay" });
  });

  test("let no token in that another key signed, or none they know", async () => {
    const { verifier, keyPair } = throughPorts();
    const bySomebodyElse = forge(KeyPair.generate());
    const byUnknownKey = forge(keyPair, { ...HEADER, kid: "key-2" });
    expect(await verifier.verify(bySomebodyElse)).toMatchObject({ errorCode: 1003 });
    expect(await verifier.verify(byUnknownKey)).toMatchObject({ errorCode: 1003 });
  });
});

describe("A failing port", () => {
  const outage = new Error("outage");
  const failures: readonly (readonly [string, () => unknown])[] = [
    ["throws", () => fail()],
    ["rejects", () => Promise.reject(outage)],
    ["returns another library's promise that rejects", () => thenable((_, reject) => reject(outage))],
  ];

  function fail(): never {
    throw outage;
  }

  test.each(failures)("refuses every token, 1010, as a resolver that %s", async (_, getKey) => {
    const { verifier, createToken } = attested({ keyResolver: { getKey } as KeyResolver });
    expect(await verifier.verify(await createToken())).toMatchObject({ errorCode: 1010 });
  });

  test.each(failures)("refuses every token, 1011, as a cache that %s", async (_, checkAndAdd) => {
    const { verifier, createToken } = attested({ replayCache: { checkAndAdd } as unknown as ReplayCache });
    expect(await verifier.verify(await createToken())).toMatchObject({ errorCode: 1011 });
  });
});
