import { describe, expect, test } from "vitest";
import { KeptKeySet } from "../../src/fetching/kept-key-set.js";
import type { KeySet } from "../../src/fetching/key-set.js";

const FETCHED_AT = 1_800_000_000;
const FRESH = 100;
const STALE = 50;
const FAILURE_HOLDS = 10;

const keySet: KeySet = { keys: new Map(), jwks: { keys: [] }, skipped: [] };

/** A key set that was fetched at `FETCHED_AT`. */
function fetched({ isCircuitOpen = false } = {}): KeptKeySet<KeySet> {
  const kept = new KeptKeySet<KeySet>({
    staleIfErrorSeconds: STALE,
    failureHoldsSeconds: FAILURE_HOLDS,
    isCircuitOpen: () => isCircuitOpen,
  });
  kept.succeed({ keySet, freshSeconds: FRESH }, FETCHED_AT);
  return kept;
}

describe("KeptKeySet", () => {
  test("has nothing to use before the first fetch, which is due", () => {
    const kept = new KeptKeySet<KeySet>({
      staleIfErrorSeconds: STALE,
      failureHoldsSeconds: FAILURE_HOLDS,
      isCircuitOpen: () => true,
    });
    kept.fail(new Error("status 503"), FETCHED_AT);
    expect(kept.usableAt(FETCHED_AT)).toBeUndefined();
    expect(kept.fallbackAt(FETCHED_AT)).toBeUndefined();
    expect(kept.isDueAt(FETCHED_AT)).toBe(true);
    expect(kept.isStaleAt(FETCHED_AT)).toBe(false);
  });

  test.each([
    ["just fetched", 0, { isUsable: true, isDue: false, isStale: false }],
    ["before four fifths of its time", 0.8 * FRESH - 1, { isUsable: true, isDue: false, isStale: false }],
    ["at four fifths of its time", 0.8 * FRESH, { isUsable: true, isDue: true, isStale: false }],
    ["just before its time is over", FRESH - 0.001, { isUsable: true, isDue: true, isStale: false }],
    ["past its time", FRESH, { isUsable: false, isDue: true, isStale: true }],
    ["of a clock that was set back since", -1, { isUsable: false, isDue: true, isStale: true }],
  ])("%s is usable, due and stale as its age says", (_, age, { isUsable, isDue, isStale }) => {
    const kept = fetched();
    const now = FETCHED_AT + age;
    expect(kept.usableAt(now)).toBe(isUsable ? keySet : undefined);
    expect(kept.isDueAt(now)).toBe(isDue);
    expect(kept.isStaleAt(now)).toBe(isStale);
  });

  test("past its time is used for as long as a failed fetch holds", () => {
    const kept = fetched();
    const failedAt = FETCHED_AT + FRESH + 1;
    kept.fail(new Error("status 503"), failedAt);
    expect(kept.usableAt(failedAt + FAILURE_HOLDS - 0.001)).toBe(keySet);
    expect(kept.usableAt(failedAt + FAILURE_HOLDS)).toBeUndefined();
  });

  test("past its time is used while the circuit is open, to the end of its further time", () => {
    const kept = fetched({ isCircuitOpen: true });
    kept.fail(new Error("status 503"), FETCHED_AT + 1);
    expect(kept.usableAt(FETCHED_AT + FRESH + STALE - 0.001)).toBe(keySet);
    expect(kept.usableAt(FETCHED_AT + FRESH + STALE)).toBeUndefined();
  });

  test("stands in for a failed fetch only when one failed", () => {
    const kept = fetched();
    expect(kept.fallbackAt(FETCHED_AT)).toBeUndefined();
    kept.fail(new Error("status 503"), FETCHED_AT);
    expect(kept.fallbackAt(FETCHED_AT)).toBe(keySet);
    kept.succeed({ keySet, freshSeconds: FRESH }, FETCHED_AT + 1);
    expect(kept.fallbackAt(FETCHED_AT + 1)).toBeUndefined();
  });

  test("reports its use past its time once per failure, with how long it may be used still", () => {
    const kept = fetched();
    const now = FETCHED_AT + FRESH + 1;
    expect(kept.takeStaleUse(now)).toBeUndefined();
    for (const status of ["status 503", "status 502"]) {
      kept.fail(new Error(status), now);
      expect(kept.takeStaleUse(now)).toEqual({
        ageSeconds: FRESH + 1,
        usableForSeconds: STALE - 1,
        cause: [`Error: ${status}`],
      });
      expect(kept.takeStaleUse(now)).toBeUndefined();
    }
  });

  test("throws the failure of the latest fetch, and nothing once a fetch succeeded", () => {
    const kept = fetched();
    const failure = new Error("status 503");
    kept.fail(failure, FETCHED_AT);
    expect(() => kept.assertKnown()).toThrow(failure);
    expect(kept.stateAt(FETCHED_AT)).toEqual({
      keyCount: 0,
      fetchedAt: FETCHED_AT,
      isStale: false,
      lastFailure: ["Error: status 503"],
    });
    kept.succeed({ keySet, freshSeconds: FRESH }, FETCHED_AT);
    expect(() => kept.assertKnown()).not.toThrow();
  });
});
