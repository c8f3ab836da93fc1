import { gzipSync } from "node:zlib";
import { KeyPair } from "@attest/core";
import { FixedClock } from "@attest/core/testing";
import { RetryError } from "@attest/resilience";
import { describe, expect, onTestFinished, test } from "vitest";
import { FetcherClosedError } from "../../src/errors/fetch-errors.js";
import type { JWKSFetcherOptions } from "../../src/fetching/fetcher-options.js";
import { JWKSFetcher } from "../../src/fetching/jwks-fetcher.js";
import { json, startIssuer, status } from "../support/issuer-server.js";
import { Recorder } from "../support/recorder.js";
import { causeOfUnavailable } from "../support/unavailable.js";

const first = KeyPair.generate("first");
const second = KeyPair.generate("second");
const keySet = { keys: [first.toJwk()] };

/** A fetcher that may ask this machine, with a clock of its own. */
function localFetcher(options: JWKSFetcherOptions = {}) {
  const clock = new FixedClock();
  const observer = new Recorder();
  const fetcher = new JWKSFetcher({
    allowInsecure: "loopback",
    retry: { maxRetries: 0 },
    clock,
    observer,
    ...options,
  });
  onTestFinished(() => fetcher.close());
  return { fetcher, clock, observer };
}

describe("JWKSFetcher", () => {
  test("fetches an issuer's key set once and answers from the cache after that", async () => {
    const server = await startIssuer(json(keySet));
    const { fetcher, observer } = localFetcher();

    const key = await fetcher.getKey(server.issuer, "first");
    expect(key?.toJwk("first")).toEqual(first.toJwk());
    expect(await fetcher.getKey(server.issuer, "first")).toBe(key);
    expect(await fetcher.getJwks(server.issuer)).toEqual(keySet);

    expect(server.requests).toEqual(["/.well-known/jwks.json"]);
    expect(fetcher.metrics).toEqual({
      cacheHits: 2,
      cacheMisses: 1,
      coalesced: 0,
      staleServed: 0,
      fetchSuccess: 1,
      fetchFailures: 0,
      retries: 0,
      circuitBreakerRejections: 0,
    });
    expect(observer.events).toEqual([
      {
        type: "key_set_fetched",
        issuer: server.issuer,
        usableKeys: 1,
        skippedKeys: [],
        durationSeconds: expect.any(Number),
      },
    ]);
  });

  test("asks at the well-known path below an issuer with a path and a trailing slash", async () => {
    const server = await startIssuer(json(keySet));
    await localFetcher().fetcher.getJwks(`${server.issuer}/tenant/`);
    expect(server.requests).toEqual(["/tenant/.well-known/jwks.json"]);
  });

  test("asks where jwksUrl says", async () => {
    const server = await startIssuer(json(keySet));
    const { fetcher } = localFetcher({ jwksUrl: (issuer) => `${server.issuer}/keys?of=${issuer}` });
    expect(await fetcher.getJwks("acme")).toEqual(keySet);
    expect(server.requests).toEqual(["/keys?of=acme"]);
  });

  test("makes one request for 500 lookups at once", async () => {
    const server = await startIssuer(json(keySet));
    const { fetcher } = localFetcher();
    const keys = await Promise.all(Array.from({ length: 500 }, () => fetcher.getKey(server.issuer, "first")));
    expect(new Set(keys).size).toBe(1);
    expect(server.requests).toHaveLength(1);
    expect(fetcher.metrics).toMatchObject({ cacheHits: 0, cacheMisses: 1, coalesced: 499 });
  });

  test("keeps a key set for cacheTtlSeconds and not a second longer", async () => {
    const server = await startIssuer(json(keySet));
    const { fetcher, clock } = localFetcher({ cacheTtlSeconds: 100 });
    await fetcher.getJwks(server.issuer);
    server.answer = json({ keys: [second.toJwk()] });
    clock.advance(99);
    expect(await fetcher.getJwks(server.issuer)).toEqual(keySet);
    expect(fetcher.metrics).toMatchObject({ cacheHits: 1, cacheMisses: 1 });

    const other = localFetcher({ cacheTtlSeconds: 100 });
    server.answer = json(keySet);
    await other.fetcher.getJwks(server.issuer);
    server.answer = json({ keys: [second.toJwk()] });
    other.clock.advance(100);
    expect(await other.fetcher.getJwks(server.issuer)).toEqual({ keys: [second.toJwk()] });
    expect(other.fetcher.metrics).toMatchObject({ cacheHits: 0, cacheMisses: 2 });
  });

  test("fetches anew in the last fifth of the time, once, while everybody is answered at once", async () => {
    const server = await startIssuer(json(keySet));
    const { fetcher, clock } = localFetcher({ cacheTtlSeconds: 100 });
    await fetcher.getJwks(server.issuer);
    clock.advance(79.9);
    await fetcher.getKey(server.issuer, "first");
    expect(server.requests).toHaveLength(1);
    clock.advance(0.1);
    const looked = await Promise.all(
      Array.from({ length: 50 }, () => fetcher.getKey(server.issuer, "first")),
    );
    expect(looked.every((key) => key !== undefined)).toBe(true);
    await expect.poll(() => fetcher.metrics.fetchSuccess).toBe(2);
    expect(server.requests).toHaveLength(2);
    clock.advance(79);
    await fetcher.getKey(server.issuer, "first");
    expect(server.requests).toHaveLength(2);
    expect(fetcher.metrics).toMatchObject({ cacheHits: 52, cacheMisses: 1, coalesced: 0 });
  });

  test("fetches again when the clock was set back behind the fetch", async () => {
    const server = await startIssuer(json(keySet));
    const { fetcher, clock } = localFetcher();
    await fetcher.getJwks(server.issuer);
    clock.advance(-1);
    await fetcher.getJwks(server.issuer);
    expect(server.requests).toHaveLength(2);
  });

  test.each([
    ["a shorter max-age", { "cache-control": "public, max-age=60" }, 60],
    ["a max-age less what caches on the way have used up", { "cache-control": "max-age=60", age: "15" }, 45],
    ["no less than the cooldown for no-store", { "cache-control": "no-store" }, 30],
    ["no less than the cooldown for max-age=0", { "cache-control": "max-age=0" }, 30],
    ["no more than cacheTtlSeconds for a longer max-age", { "cache-control": "max-age=999999" }, 3600],
  ])("honours %s", async (_, headers, seconds) => {
    const server = await startIssuer(json(keySet, headers as Record<string, string>));
    const { fetcher, clock } = localFetcher();
    await fetcher.getJwks(server.issuer);
    clock.advance(seconds - 1);
    await fetcher.getJwks(server.issuer);
    expect(fetcher.metrics).toMatchObject({ cacheHits: 1, cacheMisses: 1 });
    await expect.poll(() => fetcher.metrics.fetchSuccess).toBe(2);
    clock.advance(seconds);
    await fetcher.getJwks(server.issuer);
    expect(fetcher.metrics).toMatchObject({ cacheHits: 1, cacheMisses: 2 });
  });

  test("finds a rotated key at once, and lets 1000 made-up key ids cost one request per cooldown", async () => {
    const server = await startIssuer(json(keySet));
    const { fetcher, clock } = localFetcher({ unknownKeyCooldownSeconds: 30 });
    await fetcher.getKey(server.issuer, "first");
    server.answer = json({ keys: [first.toJwk(), second.toJwk()] });

    const rotated = await fetcher.getKey(server.issuer, "second");
    expect(rotated?.thumbprint()).toBe(second.publicKey.thumbprint());
    expect(server.requests).toHaveLength(2);

    const lookUpMadeUp = () =>
      Promise.all(Array.from({ length: 1000 }, (_, i) => fetcher.getKey(server.issuer, `made-up-${i}`)));
    clock.advance(29);
    await lookUpMadeUp();
    expect(server.requests).toHaveLength(2);
    clock.advance(1);
    expect(new Set(await lookUpMadeUp())).toEqual(new Set([undefined]));
    expect(server.requests).toHaveLength(3);
    expect(await fetcher.getKey(server.issuer, "first")).toBeDefined();
    expect(server.requests).toHaveLength(3);
  });

  test("lets made-up key ids cost one request when nothing is cached yet", async () => {
    const server = await startIssuer(json(keySet));
    const { fetcher } = localFetcher();
    for (let i = 0; i < 10; i++) expect(await fetcher.getKey(server.issuer, `made-up-${i}`)).toBeUndefined();
    expect(server.requests).toHaveLength(1);
  });

  test("does not call a key id unknown while the issuer cannot be asked, and serves the known ones", async () => {
    const server = await startIssuer(json(keySet));
    const { fetcher } = localFetcher();
    await fetcher.getKey(server.issuer, "first");
    server.answer = status(503);

    expect(await causeOfUnavailable(fetcher.getKey(server.issuer, "second"))).toContain("status 503");
    expect(await causeOfUnavailable(fetcher.getKey(server.issuer, "second"))).toContain("status 503");
    expect(await fetcher.getKey(server.issuer, "first")).toBeDefined();
    expect(server.requests).toHaveLength(2);
  });

  test("follows no redirect, to the same host neither", async () => {
    const server = await startIssuer(status(302, { location: "/elsewhere.json" }));
    const { fetcher, observer } = localFetcher();
    expect(await causeOfUnavailable(fetcher.getKey(server.issuer, "first"))).toContain("status 302");
    expect(server.requests).toEqual(["/.well-known/jwks.json"]);
    expect(observer.events).toEqual([
      {
        type: "key_set_fetch_failed",
        issuer: server.issuer,
        cause: [expect.stringMatching(/^UnexpectedStatusError: .*status 302/)],
        durationSeconds: expect.any(Number),
      },
    ]);
  });

  test("refuses an answer that a fetch of the user's own was redirected to", async () => {
    const server = await startIssuer((request, response) =>
      (request.url === "/moved" ? json(keySet) : status(302, { location: "/moved" }))(request, response),
    );
    const { fetcher } = localFetcher({
      fetch: (input, init) => fetch(input, { ...init, redirect: "follow" }),
    });
    expect(await causeOfUnavailable(fetcher.getKey(server.issuer, "first"))).toContain(
      "by way of a redirect",
    );
  });

  test.each([204, 404, 500])("refuses an answer with status %i", async (code) => {
    const server = await startIssuer(status(code));
    const { fetcher } = localFetcher();
    expect(await causeOfUnavailable(fetcher.getKey(server.issuer, "first"))).toContain(`status ${code}`);
    expect(fetcher.metrics).toMatchObject({ fetchSuccess: 0, fetchFailures: 1 });
  });

  test("gives up an issuer that does not answer within requestTimeoutSeconds", async () => {
    const server = await startIssuer(() => undefined);
    const { fetcher } = localFetcher({ requestTimeoutSeconds: 0.1 });
    expect(await causeOfUnavailable(fetcher.getKey(server.issuer, "first"))).toContain("within 0.1 seconds");
  });

  test("gives up a body that trickles in for longer than requestTimeoutSeconds", async () => {
    const server = await startIssuer((request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const trickle = setInterval(() => response.write(" "), 10);
      request.on("close", () => clearInterval(trickle));
    });
    const { fetcher } = localFetcher({ requestTimeoutSeconds: 0.2 });
    expect(await causeOfUnavailable(fetcher.getKey(server.issuer, "first"))).toContain("within 0.2 seconds");
  });

  test("gives up a fetch that ignores being aborted", async () => {
    const { fetcher } = localFetcher({
      requestTimeoutSeconds: 0.05,
      fetch: () => new Promise<Response>(() => undefined),
    });
    expect(await causeOfUnavailable(fetcher.getKey("https://issuer.example", "first"))).toContain(
      "0.05 seconds",
    );
  });

  test("reads a body of maxResponseBytes and refuses one byte more", async () => {
    const text = JSON.stringify(keySet);
    const server = await startIssuer(json(keySet));
    const exact = localFetcher({ maxResponseBytes: text.length });
    expect(await exact.fetcher.getJwks(server.issuer)).toEqual(keySet);
    const less = localFetcher({ maxResponseBytes: text.length - 1 });
    expect(await causeOfUnavailable(less.fetcher.getKey(server.issuer, "first"))).toContain("longer than");
  });

  test("stops reading a body without a length as soon as it is too long", async () => {
    let written = 0;
    const server = await startIssuer((request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const chunk = " ".repeat(16_384);
      const flood = setInterval(() => {
        written += chunk.length;
        response.write(chunk);
      }, 1);
      request.on("close", () => clearInterval(flood));
    });
    const { fetcher } = localFetcher();
    expect(await causeOfUnavailable(fetcher.getKey(server.issuer, "first"))).toContain(
      "longer than 262144 bytes",
    );
    expect(written).toBeLessThan(4 * 262_144);
  });

  test("counts a compressed body by what it unpacks to", async () => {
    const bomb = gzipSync(" ".repeat(10_000_000));
    const server = await startIssuer((_request, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" });
      response.end(bomb);
    });
    expect(await causeOfUnavailable(localFetcher().fetcher.getKey(server.issuer, "first"))).toContain(
      "longer than",
    );
  });

  test("refuses a body that breaks off", async () => {
    const server = await startIssuer((_request, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
      response.write('{"keys":');
      setTimeout(() => response.destroy(), 20);
    });
    await causeOfUnavailable(localFetcher().fetcher.getKey(server.issuer, "first"));
  });

  test.each([
    ["is not JSON", "<html></html>", "not JSON"],
    ["is empty", "", "not JSON"],
    ["is JSON, nested too deeply to be anything", "[".repeat(200_000), "not JSON"],
    ["has no list of keys", '{"keys":{}}', 'list "keys"'],
    ["is a list", "[]", 'list "keys"'],
    ["is null", "null", 'list "keys"'],
    ["is not UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), ""],
  ])("refuses a body that %s", async (_, body, cause) => {
    const server = await startIssuer((_request, response) => response.end(body));
    expect(await causeOfUnavailable(localFetcher().fetcher.getKey(server.issuer, "first"))).toContain(cause);
  });

  test("reports the keys it skips, escaped", async () => {
    const server = await startIssuer(json({ keys: [first.toJwk(), { kty: "RSA", kid: "a\nb" }] }));
    const { fetcher, observer } = localFetcher();
    expect(await fetcher.getKey(server.issuer, "first")).toBeDefined();
    expect(observer.events).toMatchObject([
      { usableKeys: 1, skippedKeys: ['keys[1] "a\\u000ab": not an Ed25519 key'] },
    ]);
  });

  test("refuses an issuer that cannot be reached over https, without asking it", async () => {
    const server = await startIssuer(json(keySet));
    const fetcher = new JWKSFetcher();
    for (const issuer of [server.issuer, "http://issuer.example", "ftp://issuer.example"])
      expect(await causeOfUnavailable(fetcher.getKey(issuer, "first"))).toContain("must be https");
    expect(server.requests).toEqual([]);
  });

  test("refuses with 1010 while the issuer is down, and fetches once it is back", async () => {
    const server = await startIssuer((request) => request.socket.destroy());
    const { fetcher } = localFetcher();
    await causeOfUnavailable(fetcher.getKey(server.issuer, "first"));
    server.answer = json(keySet);
    expect(await fetcher.getKey(server.issuer, "first")).toBeDefined();
  });

  test("forgets one issuer by invalidate and all by clearCache", async () => {
    const one = await startIssuer(json(keySet));
    const other = await startIssuer(json(keySet));
    const { fetcher } = localFetcher();
    const lookUpBoth = () => Promise.all([fetcher.getJwks(one.issuer), fetcher.getJwks(other.issuer)]);
    await lookUpBoth();
    fetcher.invalidate(one.issuer);
    await lookUpBoth();
    expect([one.requests.length, other.requests.length]).toEqual([2, 1]);
    fetcher.clearCache();
    await lookUpBoth();
    expect([one.requests.length, other.requests.length]).toEqual([3, 2]);
  });

  test("asks each of 1,100 issuers in rotation once, and goes on answering from the cache", async () => {
    let requests = 0;
    const { fetcher } = localFetcher({
      fetch: async () => {
        requests++;
        return Response.json({ keys: [] });
      },
    });
    const issuers = Array.from({ length: 1100 }, (_, index) => `https://issuer-${index}.example`);
    for (let round = 0; round < 3; round++) for (const issuer of issuers) await fetcher.getJwks(issuer);
    expect(requests).toBe(1100);
    expect(fetcher.metrics).toMatchObject({ cacheHits: 2200, cacheMisses: 1100 });
  });

  test("tells the state of every issuer it was asked for, as JSON", async () => {
    const server = await startIssuer(json(keySet));
    const { fetcher, clock } = localFetcher({
      cacheTtlSeconds: 100,
      circuitBreaker: { failureThreshold: 1 },
    });
    expect(fetcher.issuers()).toEqual([]);
    await fetcher.getKey(server.issuer, "first");
    const fetchedAt = clock.now();
    const known = { issuer: server.issuer, circuit: "closed", keyCount: 1, fetchedAt };
    expect(fetcher.issuers()).toEqual([{ ...known, isStale: false, lastFailure: null }]);

    server.answer = status(503);
    clock.advance(100);
    await fetcher.getKey(server.issuer, "first");
    await causeOfUnavailable(fetcher.getKey("http://other.example", "first"));
    const states = fetcher.issuers();
    expect(JSON.parse(JSON.stringify(states))).toEqual(states);
    expect(states).toEqual([
      {
        ...known,
        circuit: "open",
        isStale: true,
        lastFailure: [
          expect.stringMatching(/^RetryError: .*status 503/),
          expect.stringMatching(/^UnexpectedStatusError: .*status 503/),
        ],
      },
      {
        issuer: "http://other.example",
        circuit: "closed",
        keyCount: 0,
        fetchedAt: null,
        isStale: false,
        lastFailure: [expect.stringMatching(/^KeySetRefusedError: .*must be https/)],
      },
    ]);
  });

  test("close ends what is under way and refuses lookups, waiting and new", async () => {
    let hungUp = 0;
    const server = await startIssuer((request) => request.socket.on("close", () => hungUp++));
    const { fetcher } = localFetcher();
    const waiting = causeOfUnavailable(fetcher.getKey(server.issuer, "first"));
    await expect.poll(() => server.requests.length).toBe(1);
    await fetcher.close();
    expect(await waiting).toBe("the fetcher is closed");
    await expect.poll(() => hungUp).toBe(1);
    expect(await causeOfUnavailable(fetcher.getKey(server.issuer, "first"))).toBe("the fetcher is closed");
    await expect(fetcher.getJwks(server.issuer)).rejects.toBeInstanceOf(FetcherClosedError);
    expect(server.requests).toHaveLength(1);
  });

  test("close ends the wait for another attempt", async () => {
    const server = await startIssuer(status(503));
    const { fetcher } = localFetcher({ retry: { baseDelaySeconds: 10, jitter: false } });
    const waiting = causeOfUnavailable(fetcher.getKey(server.issuer, "first"));
    await expect.poll(() => fetcher.metrics.retries).toBe(1);
    await fetcher.close();
    expect(await waiting).toBe("the fetcher is closed");
  });

  test("getJwks says what went wrong in so many words: RetryError when the issuer is not up to it", async () => {
    const server = await startIssuer(status(503));
    const { fetcher } = localFetcher({ retry: { maxRetries: 2, baseDelaySeconds: 0.001 } });
    const failure: unknown = await fetcher.getJwks(server.issuer).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RetryError);
    expect(failure).toMatchObject({
      attempts: 3,
      lastError: expect.objectContaining({ name: "UnexpectedStatusError", status: 503 }),
    });
    expect(fetcher.metrics).toMatchObject({ fetchFailures: 1, retries: 2, cacheMisses: 1 });
  });

  test("getJwks throws a wrong answer's error, without another attempt, and getKey the same as a cause", async () => {
    const server = await startIssuer(status(404));
    const { fetcher } = localFetcher({ retry: { baseDelaySeconds: 0.001 } });
    await expect(fetcher.getJwks(server.issuer)).rejects.toMatchObject({ status: 404 });
    await expect(fetcher.getKey(server.issuer, "first")).rejects.toMatchObject({
      code: 1010,
      cause: expect.objectContaining({ status: 404 }),
    });
    expect(server.requests).toHaveLength(2);
  });

  test.each([
    [{ cacheTtlSeconds: 0 }, "cacheTtlSeconds"],
    [{ requestTimeoutSeconds: 0 }, "requestTimeoutSeconds"],
    [{ requestTimeoutSeconds: 3_000_000 }, "requestTimeoutSeconds"],
    [{ maxResponseBytes: 1.5 }, "maxResponseBytes"],
    [{ unknownKeyCooldownSeconds: 0 }, "unknownKeyCooldownSeconds"],
    [{ unknownKeyCooldownSeconds: Number.NaN }, "unknownKeyCooldownSeconds"],
    [{ staleIfErrorSeconds: -1 }, "staleIfErrorSeconds"],
    [{ connectionPoolSize: 0 }, "connectionPoolSize"],
    [{ retry: { maxRetries: -1 } }, "maxRetries"],
    [{ circuitBreaker: { failureThreshold: 0 } }, "failureThreshold"],
    [{ allowInsecure: true as unknown as false }, "allowInsecure"],
    [
      { jwksUrl: "https://issuer.example" as unknown as () => string },
      "jwksUrl must be a function of the issuer",
    ],
    [{ fetch: "https://issuer.example" as unknown as typeof fetch }, "fetch must be a function"],
    [{ clock: Date.now as never }, "clock must be a Clock: { now() }"],
    [{ observer: Object as never }, "observer must be an AttestationObserver"],
    [{ retry: { maxRetry: 1 } as never }, 'unknown option "maxRetry"'],
    [{ cacheTTLSeconds: 1 } as never, 'did you mean "cacheTtlSeconds"?'],
    ["https://issuer.example" as never, "JWKSFetcher takes an object of options, got a URL"],
  ])("says which option is wrong in %o", (options, name) => {
    expect(() => new JWKSFetcher(options)).toThrow(name);
  });
});
