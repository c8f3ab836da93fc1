import { setTimeout } from "node:timers/promises";
import { FixedClock } from "@attest/core/testing";
import { createClient } from "redis";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { REDIS } from "../../../test-support/find-program.ts";
import { needs } from "../../../test-support/needs.ts";
import { CacheState, RedisReplayCache, type RedisReplayCacheOptions } from "../src/index.js";
import { Recorder } from "./support/recorder.ts";
import { until } from "./support/redis-cluster.ts";
import { RedisServer } from "./support/redis-server.ts";

const now = () => Date.now() / 1000;
const quick = { socketTimeoutSeconds: 0.3, retryDelaySeconds: 0.05 };

describe("RedisReplayCache", await needs(REDIS), () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  beforeEach(() => server.command("FLUSHALL"));
  afterAll(() => server.stop());

  function open(options: RedisReplayCacheOptions = {}): RedisReplayCache {
    const own = options.client === undefined ? { url: server.url } : {};
    const cache = new RedisReplayCache({ poolSize: 2, ...own, ...options });
    onTestFinished(() => cache.close());
    return cache;
  }

  async function stat(command: string): Promise<number> {
    const stats = String(await server.command("INFO", "commandstats"));
    return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  }

  test("refuses at one server what another has accepted", async () => {
    const [first, second] = [open(), open()];
    expect(await first.checkAndAdd("id", now() + 60)).toBe(true);
    expect(await second.checkAndAdd("id", now() + 60)).toBe(false);
    expect(await second.exists("id")).toBe(true);
  });

  test("asks one command per check, and none for an id that it accepted itself or that has expired", async () => {
    const cache = open();
    await cache.connect();
    await server.command("CONFIG", "RESETSTAT");
    for (const id of ["a", "b", "c"]) await cache.checkAndAdd(id, now() + 60);
    for (const id of ["a", "b", "c"]) await cache.checkAndAdd(id, now() + 60);
    await cache.checkAndAdd("expired", now() - 1);
    expect(await stat("set")).toBe(3);
    expect(await stat("get")).toBe(0);
  });

  test("keeps keys of one size whatever the id, under its prefix, until the id expires and no second less", async () => {
    const cache = open({ keyPrefix: "p:" });
    const exp = now() + 60.2;
    await cache.checkAndAdd("x".repeat(2000), exp);
    await cache.checkAndAdd("", exp);
    const keys = (await server.command("KEYS", "*")) as string[];
    expect(keys).toHaveLength(2);
    for (const key of keys) {
      expect(key).toMatch(/^p:[\w-]{22}$/);
      expect(Number(await server.command("PEXPIRETIME", key)) / 1000).toBeGreaterThan(exp - 0.01);
      expect(String(await server.command("OBJECT", "ENCODING", key))).toBe("int");
    }
  });

  test("does not depend on Redis's clock", async () => {
    // For these servers it is an hour earlier than for Redis, so that every expiry lies in Redis's past.
    const clock = new FixedClock(now() - 3600);
    const [first, second] = [open({ clock }), open({ clock })];
    expect(await first.checkAndAdd("id", clock.now() + 60)).toBe(true);
    expect(await second.checkAndAdd("id", clock.now() + 60)).toBe(false);
  });

  test("connects at the first use when it was not told to", async () => {
    const cache = open();
    expect(cache.state).toBe(CacheState.UNHEALTHY);
    expect(await cache.checkAndAdd("id", now() + 60)).toBe(true);
    expect(cache.state).toBe(CacheState.HEALTHY);
  });

  test("keeps connections that are idle for longer than its time-outs", async () => {
    const cache = open({ socketTimeoutSeconds: 0.2 });
    await cache.connect();
    await until(async () => (await connections()).length === 2);
    const before = await connections();
    await setTimeout(1500);
    expect(await cache.checkAndAdd("id", now() + 60)).toBe(true);
    expect(await connections()).toEqual(before);

    async function connections(): Promise<readonly string[]> {
      const list = String(await server.command("CLIENT", "LIST", "TYPE", "normal"));
      return [...list.matchAll(/^id=(\d+).* cmd=(?!client)/gm)].map(([, id]) => String(id));
    }
  });

  test("uses a client of the user's and leaves it open", async () => {
    const client = createClient({ url: server.url });
    await client.connect();
    onTestFinished(() => client.destroy());
    {
      await using cache = open({ client });
      expect(await cache.checkAndAdd("id", now() + 60)).toBe(true);
    }
    expect(await client.ping()).toBe("PONG");
  });

  test("refuses every use once it is closed, saying so, and closes twice without complaint", async () => {
    const cache = open();
    await cache.connect();
    await cache.close();
    await cache.close();
    for (const use of [
      () => cache.checkAndAdd("id", now() + 60),
      () => cache.exists("id"),
      () => cache.count(),
      () => cache.clear(),
      () => cache.connect(),
    ])
      await expect(use()).rejects.toMatchObject({ code: 1011, detail: "the replay cache is closed" });
    expect(cache.state).toBe(CacheState.UNHEALTHY);
  });

  test("clears and counts the keys that begin with its prefix and no others, whatever is in the prefix", async () => {
    const foreign = ["a*b?c[d]e\\other", "axbyc:d:e\\", "zzz"];
    for (const key of foreign) await server.command("SET", key, "1");
    await server.command("CONFIG", "RESETSTAT");
    const [starred, plain] = [open({ keyPrefix: "a*b?c[d]e\\" }), open({ keyPrefix: "axbycdde\\" })];
    await starred.checkAndAdd("id", now() + 60);
    await plain.checkAndAdd("id", now() + 60);
    expect(await starred.count()).toBe(1);
    await starred.clear();
    expect(await starred.count()).toBe(0);
    expect(await plain.count()).toBe(1);
    for (const key of foreign) expect(await server.command("EXISTS", key)).toBe(1);
    expect(await stat("keys")).toBe(0);
  });

  test("refuses new ids with 1011 when its own memory is full, and still knows the old ones", async () => {
    const cache = open({ maxLocalEntries: 2 });
    expect(await cache.checkAndAdd("a", now() + 60)).toBe(true);
    expect(await cache.checkAndAdd("b", now() + 60)).toBe(true);
    await expect(cache.checkAndAdd("c", now() + 60)).rejects.toMatchObject({ code: 1011 });
    expect(await cache.checkAndAdd("a", now() + 60)).toBe(false);
  });

  test("counts what it does", async () => {
    const [cache, other] = [open(), open()];
    await other.checkAndAdd("elsewhere", now() + 60);
    await cache.checkAndAdd("id", now() + 60);
    await cache.checkAndAdd("id", now() + 60);
    await cache.checkAndAdd("elsewhere", now() + 60);
    await cache.checkAndAdd("expired", now() - 1);
    expect(cache.getHealthStatus()).toEqual({
      state: "healthy",
      usingFallback: false,
      redisConnected: true,
      eviction: "none",
      pendingIds: 0,
      metrics: {
        checks: 4,
        hits: 2,
        misses: 2,
        replaysDetected: 2,
        redisErrors: 0,
        fallbackActivations: 0,
        reconnections: 0,
      },
    });
  });

  test("notices at connect, and while it runs, that Redis throws ids out when it is full", async () => {
    await server.command("CONFIG", "SET", "maxmemory-policy", "volatile-ttl");
    onTestFinished(() => void server.command("CONFIG", "SET", "maxmemory", "0"));
    const observer = new Recorder();
    const cache = open({ observer, healthCheckIntervalSeconds: 0.1 });
    await cache.connect();
    expect(cache.getHealthStatus().eviction).toBe("none");
    await server.command("CONFIG", "SET", "maxmemory", "1gb");
    await until(() => cache.getHealthStatus().eviction === "possible");
    await setTimeout(300);
    expect(observer.events.filter(({ type }) => type === "cache_evicts")).toEqual([
      { type: "cache_evicts", policy: "volatile-ttl" },
    ]);
    const late = open();
    await late.connect();
    expect(late.getHealthStatus().eviction).toBe("possible");
  });

  test("works for a user who may do no more than it needs, and then does not know about evictions", async () => {
    await server.command(
      ..."ACL SETUSER attest on >s3cret resetkeys ~mcp_attestation:jti:* resetchannels -@all +hello +ping +set +exists".split(
        " ",
      ),
    );
    const cache = open({ url: server.url.replace("//", "//attest:s3cret@") });
    await cache.connect();
    expect(await cache.checkAndAdd("id", now() + 60)).toBe(true);
    expect(await open().checkAndAdd("id", now() + 60)).toBe(false);
    expect(cache.getHealthStatus()).toMatchObject({ state: "healthy", eviction: "unknown" });
  });

  test("starts while Redis is away, decides by itself, and brings Redis up to date when it comes", async () => {
    const late = await RedisServer.start();
    onTestFinished(() => late.stop());
    await late.kill();
    const observer = new Recorder();
    const cache = open({ url: late.url, ...quick, observer });
    await cache.connect();
    expect(cache.state).toBe(CacheState.DEGRADED);
    expect(await cache.checkAndAdd("id", now() + 60)).toBe(true);
    expect(await cache.checkAndAdd("id", now() + 60)).toBe(false);
    await late.restart();
    await until(() => cache.state === CacheState.HEALTHY);
    expect(await open({ url: late.url }).checkAndAdd("id", now() + 60)).toBe(false);
    expect(observer.events).toContainEqual({ type: "cache_written_back", written: 1, conflicts: 0 });
    expect(cache.metrics).toMatchObject({ fallbackActivations: 1, reconnections: 0 });
  });

  test("without a fall-back refuses to connect, and every check at once, while Redis is away; then recovers", async () => {
    const late = await RedisServer.start();
    onTestFinished(() => late.stop());
    await late.kill();
    const cache = open({ url: late.url, ...quick, fallbackEnabled: false });
    await expect(cache.connect()).rejects.toMatchObject({ code: 1011 });
    expect(cache.state).toBe(CacheState.UNHEALTHY);
    for (const use of [
      () => cache.checkAndAdd("id", now() + 60),
      () => cache.exists("id"),
      () => cache.count(),
      () => cache.clear(),
    ]) {
      const took: number[] = [];
      for (let attempt = 0; attempt < 5; attempt++) {
        const startedAt = performance.now();
        await expect(use()).rejects.toMatchObject({ code: 1011, cause: expect.any(Error) });
        took.push(performance.now() - startedAt);
      }
      // The quickest: a busy machine makes any one of them slow.
      expect(Math.min(...took)).toBeLessThan(50);
    }
    await late.restart();
    await until(() => cache.state === CacheState.HEALTHY);
    expect(await cache.checkAndAdd("id", now() + 60)).toBe(true);
  });
});
