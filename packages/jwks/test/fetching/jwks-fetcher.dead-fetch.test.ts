import { KeyPair } from "@attest/core";
import { FixedClock } from "@attest/core/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { JWKSFetcherOptions } from "../../src/fetching/fetcher-options.js";
import { JWKSFetcher } from "../../src/fetching/jwks-fetcher.js";

const ISSUER = "https://issuer.example";
const key = KeyPair.generate("key-1");
const keySet = { keys: [key.toJwk()] };

/** A runtime where a fetch may die with the request that started it: without a word, and without its timers. */
function dyingFetcher(options: JWKSFetcherOptions = {}) {
  const clock = new FixedClock();
  const runtime = { isDeadly: false, requests: 0 };
  const fetcher = new JWKSFetcher({
    cacheTtlSeconds: 100,
    requestTimeoutSeconds: 10,
    clock,
    ...options,
    fetch: async () => {
      runtime.requests++;
      return runtime.isDeadly ? new Promise<never>(() => undefined) : Response.json(keySet);
    },
  });
  /** Lets time pass on both clocks; no timer fires. */
  const pass = (seconds: number) => {
    clock.advance(seconds);
    vi.advanceTimersByTime(seconds * 1000);
  };
  return { fetcher, runtime, pass };
}

describe("JWKSFetcher, when a fetch dies with its request", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const real = setTimeout;
    // Only those of no length, by which key sets are read in turns.
    vi.stubGlobal("setTimeout", (run: () => void, ms = 0) => (ms === 0 ? real(run) : 0));
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  test("a background fetch that died does not keep the next look-up waiting once the set has run out", async () => {
    const { fetcher, runtime, pass } = dyingFetcher();
    await fetcher.getKey(ISSUER, "key-1");
    runtime.isDeadly = true;
    pass(90);
    expect(await fetcher.getKey(ISSUER, "key-1")).toBeDefined();
    await vi.waitFor(() => expect(runtime.requests).toBe(2));

    runtime.isDeadly = false;
    pass(10);
    expect(await fetcher.getKey(ISSUER, "key-1")).toBeDefined();
    expect(runtime.requests).toBe(3);
    expect(fetcher.metrics).toMatchObject({ fetchSuccess: 2, staleServed: 0 });
  });

  test("a look-up whose own fetch died leaves the ones after it their own", async () => {
    const { fetcher, runtime, pass } = dyingFetcher();
    runtime.isDeadly = true;
    for (let died = 1; died <= 30; died++) {
      void fetcher.getKey(ISSUER, "key-1");
      await vi.waitFor(() => expect(runtime.requests).toBe(died));
      pass(10);
    }
    runtime.isDeadly = false;
    expect(await fetcher.getKey(ISSUER, "key-1")).toBeDefined();
    expect(await fetcher.getJwks(ISSUER)).toEqual(keySet);
  });

  test("a dead fetch keeps no place in the pool from other issuers", async () => {
    const { fetcher, runtime, pass } = dyingFetcher({ connectionPoolSize: 1 });
    runtime.isDeadly = true;
    void fetcher.getKey("https://other.example", "key-1");
    await vi.waitFor(() => expect(runtime.requests).toBe(1));
    pass(10);
    runtime.isDeadly = false;
    expect(await fetcher.getKey(ISSUER, "key-1")).toBeDefined();
  });

  test("a trial call that died does not leave the issuer alone for good", async () => {
    const { fetcher, runtime, pass } = dyingFetcher({
      circuitBreaker: { failureThreshold: 1, recoveryTimeoutSeconds: 5 },
      retry: { maxRetries: 0 },
      maxResponseBytes: 200,
    });
    const answer = keySet.keys[0];
    keySet.keys.push(...Array.from({ length: 10 }, () => key.toJwk()));
    await expect(fetcher.getKey(ISSUER, "key-1")).rejects.toMatchObject({ code: 1010 });
    keySet.keys.splice(0, Number.POSITIVE_INFINITY, ...(answer === undefined ? [] : [answer]));
    expect(fetcher.issuers()).toMatchObject([{ circuit: "open" }]);

    runtime.isDeadly = true;
    pass(5);
    void fetcher.getKey(ISSUER, "key-1");
    await vi.waitFor(() => expect(runtime.requests).toBe(2));
    expect(fetcher.issuers()).toMatchObject([{ circuit: "half_open" }]);
    runtime.isDeadly = false;
    pass(10);
    expect(await fetcher.getKey(ISSUER, "key-1")).toBeDefined();
  });
});

describe("JWKSFetcher, when a look-up joins a fetch that died", () => {
  test("the look-up waits by a timer of its own, and fetches by itself", async () => {
    const clock = new FixedClock();
    let requests = 0;
    const real = setTimeout;
    const fetcher = new JWKSFetcher({
      requestTimeoutSeconds: 0.1,
      clock,
      fetch: async () => (requests++ === 0 ? new Promise<never>(() => undefined) : Response.json(keySet)),
    });
    // The timers of the first look-up die with it.
    vi.stubGlobal("setTimeout", () => 0);
    void fetcher.getKey(ISSUER, "key-1");
    await vi
      .waitFor(() => expect(requests).toBe(1), { interval: 1 })
      .finally(() => vi.stubGlobal("setTimeout", real));
    vi.unstubAllGlobals();
    expect(await fetcher.getKey(ISSUER, "key-1")).toBeDefined();
    expect(requests).toBe(2);
  });
});
