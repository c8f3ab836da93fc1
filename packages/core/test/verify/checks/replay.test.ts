import { describe, expect, test } from "vitest";
import { AttestationError } from "../../../src/errors.js";
import { KeyPair } from "../../../src/keys/key-pair.js";
import type { ReplayCache } from "../../../src/ports.js";
import { InMemoryReplayCache } from "../../../src/replay/in-memory-replay-cache.js";
import { FixedClock } from "../../../src/testing.js";
import { replay } from "../../../src/verify/checks/replay.js";
import { NOW } from "../../support/attested.js";
import { refusing, runCheck } from "../../support/context.js";
import { forge, HEADER, PAYLOAD } from "../../support/forge.js";

const keyPair = KeyPair.generate("key-1");
const token = forge(keyPair);

/** A cache that answers as `checkAndAdd` does, whatever that returns. */
function answering(checkAndAdd: (id: string, exp: number) => unknown): ReplayCache {
  return { checkAndAdd } as ReplayCache;
}

describe("replay", () => {
  test("passes a token once, and refuses it from then on, 1006", async () => {
    const check = replay({ replayCache: new InMemoryReplayCache({ clock: new FixedClock(NOW) }) });
    await runCheck(check, token);
    await expect(runCheck(check, token)).rejects.toEqual(refusing(1006, "the token was used before"));
  });

  test("burns the id until exp plus the skew, not a second less", async () => {
    const burned: number[] = [];
    const replayCache = answering(async (_, exp) => {
      burned.push(exp);
      return true;
    });
    await runCheck(replay({ replayCache }), token);
    await runCheck(replay({ replayCache }), token, { clockSkewSeconds: 60 });
    expect(burned).toEqual([PAYLOAD.exp + 30, PAYLOAD.exp + 60]);
  });

  test("burns one id per issuer and jti, however the two are cut", async () => {
    const ids = new Set<string>();
    const replayCache = answering(async (id) => {
      ids.add(id);
      return true;
    });
    for (const [iss, jti] of [
      ["a", "b"],
      ["b", "a"],
      ["ab", "c"],
      ["a", "bc"],
      ["c\na", "b"],
      ["a", "b c"],
      ["c a", "b"],
      ["b", "ca"],
    ]) {
      await runCheck(replay({ replayCache }), forge(keyPair, HEADER, { ...PAYLOAD, iss, jti }));
    }
    expect(ids.size).toBe(8);
  });

  test("keeps the reason when the cache fails, 1011", async () => {
    const outage = new Error("connection refused");
    for (const checkAndAdd of [
      () => Promise.reject(outage),
      () => {
        throw outage;
      },
    ]) {
      const check = replay({ replayCache: answering(checkAndAdd) });
      await expect(runCheck(check, token)).rejects.toEqual(
        expect.objectContaining({ code: 1011, detail: "the replay cache failed", cause: outage }),
      );
    }
  });

  test("passes on the code of a cache that has one", async () => {
    const replayCache = answering(async () => {
      throw new AttestationError(1011, "full");
    });
    await expect(runCheck(replay({ replayCache }), token)).rejects.toEqual(
      expect.objectContaining({ code: 1011, detail: "full" }),
    );
  });

  test("waits for the cache as long as it is told, and no longer, 1011", async () => {
    const slow = answering(() => new Promise((resolve) => setTimeout(() => resolve(true), 30)));
    await runCheck(replay({ replayCache: slow, cacheTimeoutSeconds: 10 }), token);
    await expect(runCheck(replay({ replayCache: slow, cacheTimeoutSeconds: 0.001 }), token)).rejects.toEqual(
      refusing(1011, "the replay cache gave no answer within 0.001 seconds"),
    );
  });

  test.each([undefined, null, 1, "OK", {}])("refuses when the cache answers %j, 1011", async (answer) => {
    await expect(runCheck(replay({ replayCache: answering(async () => answer) }), token)).rejects.toEqual(
      refusing(1011, "the replay cache answered neither true nor false"),
    );
  });

  test("is not made without a cache", () => {
    for (const replayCache of [undefined, null, {}]) {
      expect(() => replay({ replayCache: replayCache as unknown as ReplayCache })).toThrow(/^replayCache /);
    }
  });

  test("names cacheTimeoutSeconds when it is no number of seconds", () => {
    const replayCache = answering(async () => true);
    for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY, "30"]) {
      const cacheTimeoutSeconds = value as number;
      expect(() => replay({ replayCache, cacheTimeoutSeconds })).toThrow("cacheTimeoutSeconds");
    }
  });
});
