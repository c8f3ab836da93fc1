import { KeyPair } from "@attest/core";
import { describe, expect, onTestFinished, test } from "vitest";
import { readFetcherOptions } from "../../src/fetching/fetcher-options.js";
import { newFetchCounters } from "../../src/fetching/fetcher-status.js";
import { IssuerClient } from "../../src/fetching/issuer-client.js";
import { RequestPool } from "../../src/outbound/request-pool.js";
import { minter, verifierOf } from "../support/attested.js";
import { json, startIssuer, status } from "../support/issuer-server.js";

const key = KeyPair.generate("key-1");
const keySet = { keys: [key.toJwk()] };
const NO_RETRY = { retry: { maxRetries: 0 } };
const AT_ONCE = { retry: { maxRetries: 3, baseDelaySeconds: 0.001 } };

describe("many verifications at once", () => {
  test("500 on a cold cache cause one fetch", async () => {
    const server = await startIssuer(json(keySet));
    const { verifier, fetcher, clock } = verifierOf(server.issuer);
    const mint = minter(server.issuer, key, clock);
    const tokens = await Promise.all(Array.from({ length: 500 }, () => mint()));
    const results = await Promise.all(tokens.map((token) => verifier.verify(token)));
    expect(results.every(({ verified }) => verified)).toBe(true);
    expect(server.requests).toHaveLength(1);
    expect(fetcher.metrics).toMatchObject({ cacheMisses: 1, coalesced: 499, fetchSuccess: 1 });
  });

  test("500 on a cold cache and an issuer that is down cause one fetch with its retries", async () => {
    const server = await startIssuer(status(503));
    const { verifier, fetcher, clock } = verifierOf(server.issuer, AT_ONCE);
    const mint = minter(server.issuer, key, clock);
    const tokens = await Promise.all(Array.from({ length: 500 }, () => mint()));
    const results = await Promise.all(tokens.map((token) => verifier.verify(token)));
    expect(new Set(results.map(({ errorCode }) => errorCode))).toEqual(new Set([1010]));
    expect(server.requests).toHaveLength(4);
    expect(fetcher.metrics).toMatchObject({ fetchFailures: 1, retries: 3, coalesced: 499 });
  });

  test("1000 made-up kids cause one fetch per cooldown, while honest tokens keep being verified", async () => {
    const server = await startIssuer(json(keySet));
    const { verifier, fetcher, clock } = verifierOf(server.issuer);
    const mint = minter(server.issuer, key, clock);
    await verifier.verify(await mint());
    for (let cooldown = 1; cooldown <= 3; cooldown++) {
      const verifications = Array.from({ length: 1000 }, async (_, i) => {
        const stranger = { kid: `${i}`, alg: key.alg, sign: (message: Uint8Array) => key.sign(message) };
        const { errorCode } = await verifier.verify(await minter(server.issuer, stranger, clock)());
        const honest = i % 10 === 0 ? await verifier.verify(await mint()) : undefined;
        return [errorCode, honest?.errorCode ?? null];
      });
      const outcomes = await Promise.all(verifications);
      expect(new Set(outcomes.map(String))).toEqual(new Set(["1003,"]));
      expect(server.requests).toHaveLength(1 + cooldown);
      clock.advance(30);
    }
    expect(fetcher.metrics.fetchFailures).toBe(0);
  });

  test("no more than connectionPoolSize requests run at once, and all are answered", async () => {
    let running = 0;
    let most = 0;
    const server = await startIssuer((request, response) => {
      most = Math.max(most, ++running);
      setTimeout(() => {
        running--;
        json(keySet)(request, response);
      }, 10);
    });
    const { fetcher } = verifierOf(server.issuer, { connectionPoolSize: 3 });
    const issuers = Array.from({ length: 12 }, (_, i) => `${server.issuer}/${i}`);
    const keys = await Promise.all(issuers.map((issuer) => fetcher.getKey(issuer, "key-1")));
    expect(keys.every((found) => found !== undefined)).toBe(true);
    expect(most).toBe(3);
    expect(server.requests).toHaveLength(12);
  });

  test("an issuer that waited in vain for its turn is not blamed for it", async () => {
    const pool = new RequestPool(1, 60);
    const shared = { pool, counters: newFetchCounters(), running: new Set<AbortController>() };
    void pool.run(() => new Promise(() => undefined), new AbortController().signal);
    const settings = readFetcherOptions({
      requestTimeoutSeconds: 0.05,
      circuitBreaker: { failureThreshold: 1 },
    });
    const source = {
      url: () => new URL("https://issuer.example"),
      read: async () => ({ keySet: { keys: new Map(), skipped: [] }, headers: new Headers() }),
    };
    const client = new IssuerClient("https://issuer.example", source, settings, shared);
    onTestFinished(() => client.close());
    await expect(client.load()).rejects.toThrow(
      "gave up after 1 attempt: no complete answer within 0.05 seconds",
    );
    expect(client.isCircuitOpen).toBe(false);
  });
});

describe("an issuer that is down", () => {
  test("for longer than the TTL: verification goes on from the stale set, and ends with 1010", async () => {
    const server = await startIssuer(json(keySet));
    const { verifier, fetcher, observer, clock } = verifierOf(server.issuer, {
      ...NO_RETRY,
      cacheTtlSeconds: 100,
      staleIfErrorSeconds: 1000,
    });
    const mint = minter(server.issuer, key, clock);
    await verifier.verify(await mint());
    server.answer = status(503);

    clock.advance(100);
    expect(await verifier.verify(await mint())).toMatchObject({ verified: true });
    expect(fetcher.metrics).toMatchObject({ staleServed: 1, fetchFailures: 1, cacheMisses: 2 });
    expect(observer.events.at(-1)).toEqual({
      type: "stale_key_set_served",
      issuer: server.issuer,
      ageSeconds: 100,
      usableForSeconds: 1000,
      cause: [
        expect.stringMatching(/^RetryError: /),
        expect.stringMatching(/^UnexpectedStatusError: .*status 503/),
      ],
    });

    clock.advance(999);
    expect(await verifier.verify(await mint())).toMatchObject({ verified: true });
    await expect.poll(() => fetcher.metrics.fetchFailures).toBe(2);
    clock.advance(1);
    expect(await verifier.verify(await mint())).toMatchObject({ verified: false, errorCode: 1010 });
    expect(fetcher.metrics).toMatchObject({ staleServed: 2, fetchSuccess: 1 });

    server.answer = json(keySet);
    expect(await verifier.verify(await mint())).toMatchObject({ verified: true });
  });

  test("makes nobody wait for it twice, however it hangs", async () => {
    const server = await startIssuer(json(keySet));
    const { fetcher, clock } = verifierOf(server.issuer, {
      requestTimeoutSeconds: 1,
      cacheTtlSeconds: 100,
    });
    await fetcher.getKey(server.issuer, "key-1");
    server.answer = () => undefined;
    clock.advance(100);
    await fetcher.getKey(server.issuer, "key-1");
    const startedAt = performance.now();
    for (let i = 0; i < 100; i++) expect(await fetcher.getKey(server.issuer, "key-1")).toBeDefined();
    expect(performance.now() - startedAt).toBeLessThan(900);
    expect(fetcher.metrics.staleServed).toBe(101);
  });

  test("fails the refresh in the background without anybody noticing, and its stale set is used without a wait", async () => {
    const server = await startIssuer(json(keySet));
    const { fetcher, clock } = verifierOf(server.issuer, { ...NO_RETRY, cacheTtlSeconds: 100 });
    await fetcher.getKey(server.issuer, "key-1");
    server.answer = status(500);
    clock.advance(90);
    expect(await fetcher.getKey(server.issuer, "key-1")).toBeDefined();
    await expect.poll(() => fetcher.metrics.fetchFailures).toBe(1);
    expect(fetcher.metrics.staleServed).toBe(0);
    clock.advance(10);
    expect(await fetcher.getKey(server.issuer, "key-1")).toBeDefined();
    expect(fetcher.metrics).toMatchObject({ staleServed: 1, cacheHits: 2, cacheMisses: 1 });
  });

  test("was down once: past its time the set is fetched before it is used, so that a revoked key is refused", async () => {
    const server = await startIssuer(json(keySet));
    const { verifier, fetcher, clock } = verifierOf(server.issuer, { ...NO_RETRY, cacheTtlSeconds: 100 });
    const mint = minter(server.issuer, key, clock);
    await verifier.verify(await mint());
    server.answer = status(503);
    clock.advance(90);
    expect(await verifier.verify(await mint())).toMatchObject({ verified: true });
    await expect.poll(() => fetcher.metrics.fetchFailures).toBe(1);
    // The issuer is back, and has revoked the key; nobody asks for hours.
    server.answer = json({ keys: [KeyPair.generate("key-2").toJwk()] });
    clock.advance(20 * 3600);
    expect(await verifier.verify(await mint())).toMatchObject({ verified: false, errorCode: 1003 });
    expect(fetcher.metrics.staleServed).toBe(0);
  });

  test("has no stale set when staleIfErrorSeconds is 0, or it was invalidated", async () => {
    const server = await startIssuer(json(keySet));
    const none = verifierOf(server.issuer, { ...NO_RETRY, cacheTtlSeconds: 100, staleIfErrorSeconds: 0 });
    const invalidated = verifierOf(server.issuer, NO_RETRY);
    await none.fetcher.getKey(server.issuer, "key-1");
    await invalidated.fetcher.getKey(server.issuer, "key-1");
    server.answer = status(500);
    none.clock.advance(100);
    invalidated.fetcher.invalidate(server.issuer);
    await expect(none.fetcher.getKey(server.issuer, "key-1")).rejects.toMatchObject({ code: 1010 });
    await expect(invalidated.fetcher.getKey(server.issuer, "key-1")).rejects.toMatchObject({ code: 1010 });
  });

  test("makes keys unavailable and never unknown, also those that its stale set lacks", async () => {
    const server = await startIssuer(json(keySet));
    const { fetcher, clock } = verifierOf(server.issuer, { ...NO_RETRY, cacheTtlSeconds: 100 });
    await fetcher.getKey(server.issuer, "key-1");
    server.answer = status(500);
    clock.advance(200);
    for (let i = 0; i < 3; i++) {
      await expect(fetcher.getKey(server.issuer, "new")).rejects.toMatchObject({ code: 1010 });
      expect(await fetcher.getKey(server.issuer, "key-1")).toBeDefined();
    }
  });

  test("is asked five times and then left alone, 1010 at once", async () => {
    const server = await startIssuer(status(500));
    const { verifier, fetcher, observer, clock } = verifierOf(server.issuer, AT_ONCE);
    const mint = minter(server.issuer, key, clock);
    for (let i = 0; i < 20; i++) {
      expect(await verifier.verify(await mint())).toMatchObject({ errorCode: 1010 });
    }
    expect(server.requests).toHaveLength(5);
    expect(fetcher.metrics).toMatchObject({ fetchFailures: 2, retries: 3, circuitBreakerRejections: 18 });
    expect(observer.events).toContainEqual({
      type: "circuit_state_changed",
      name: server.issuer,
      from: "closed",
      to: "open",
    });
    await expect(fetcher.getJwks(server.issuer)).rejects.toMatchObject({
      name: "CircuitOpenError",
      retryAfterSeconds: expect.closeTo(30, 0),
    });
    // Forgetting its keys is not forgetting that it is down.
    fetcher.invalidate(server.issuer);
    await expect(fetcher.getJwks(server.issuer)).rejects.toMatchObject({ name: "CircuitOpenError" });
    expect(server.requests).toHaveLength(5);
  });

  test("that publishes junk is left alone as well", async () => {
    const server = await startIssuer(json({ junk: true }));
    const { fetcher } = verifierOf(server.issuer);
    for (let i = 0; i < 20; i++)
      await expect(fetcher.getKey(server.issuer, "key-1")).rejects.toMatchObject({ code: 1010 });
    expect(server.requests).toHaveLength(5);
  });

  test("leaves the other issuers alone", async () => {
    const down = await startIssuer(status(500));
    const up = await startIssuer(json(keySet));
    const { fetcher } = verifierOf(down.issuer, AT_ONCE);
    for (let i = 0; i < 3; i++)
      await expect(fetcher.getKey(down.issuer, "key-1")).rejects.toMatchObject({ code: 1010 });
    expect(await fetcher.getKey(up.issuer, "key-1")).toBeDefined();
  });
});

describe("an issuer that is back", () => {
  test("is noticed by itself within the breaker's time, with a single request to find out", async () => {
    const server = await startIssuer(json(keySet));
    const circuitBreaker = { recoveryTimeoutSeconds: 0.3 };
    const { fetcher, observer, clock } = verifierOf(server.issuer, {
      ...AT_ONCE,
      circuitBreaker,
      cacheTtlSeconds: 100,
    });
    await fetcher.getKey(server.issuer, "key-1");
    server.answer = status(500);
    clock.advance(200);
    for (let i = 0; i < 50; i++) expect(await fetcher.getKey(server.issuer, "key-1")).toBeDefined();
    await expect.poll(() => observer.events.some(({ type }) => type === "circuit_state_changed")).toBe(true);
    // Still down at the first trial.
    const asked = server.requests.length;
    await expect
      .poll(async () => {
        await fetcher.getKey(server.issuer, "key-1");
        return server.requests.length;
      })
      .toBe(asked + 1);
    server.answer = json(keySet);
    const backAt = performance.now();
    await expect
      .poll(
        async () => {
          await fetcher.getKey(server.issuer, "key-1");
          return fetcher.metrics.fetchSuccess;
        },
        { interval: 10 },
      )
      .toBe(2);
    expect(performance.now() - backAt).toBeLessThan(10_000);
    expect(server.requests).toHaveLength(asked + 2);
    const staleServed = fetcher.metrics.staleServed;
    await fetcher.getKey(server.issuer, "key-1");
    expect(fetcher.metrics.staleServed).toBe(staleServed);
  });
});
