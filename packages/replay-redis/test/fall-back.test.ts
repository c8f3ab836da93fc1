import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { REDIS } from "../../../test-support/find-program.ts";
import { needs } from "../../../test-support/needs.ts";
import { CacheState, RedisReplayCache, type RedisReplayCacheOptions } from "../src/index.js";
import { Recorder } from "./support/recorder.ts";
import { until } from "./support/redis-cluster.ts";
import { RedisServer } from "./support/redis-server.ts";

const quick = { poolSize: 2, socketTimeoutSeconds: 0.3, retryDelaySeconds: 0.05, maxRetries: 1 };
const now = () => Date.now() / 1000;

describe("the fall-back of RedisReplayCache", await needs(REDIS), () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  async function open(options: RedisReplayCacheOptions = {}): Promise<RedisReplayCache> {
    const cache = new RedisReplayCache({ url: server.url, ...quick, ...options });
    onTestFinished(() => cache.close());
    await cache.connect();
    return cache;
  }

  test("refuses what this server accepted before the outage, in it, and after a restart without memory", async () => {
    const cache = await open();
    expect(await cache.checkAndAdd("before", now() + 60)).toBe(true);
    await server.kill();
    expect(await cache.checkAndAdd("before", now() + 60)).toBe(false);
    expect(await cache.checkAndAdd("during", now() + 60)).toBe(true);
    expect(await cache.checkAndAdd("during", now() + 60)).toBe(false);
    expect(await cache.exists("before")).toBe(true);
    expect(await cache.exists("never")).toBe(false);
    expect(await cache.count()).toBe(2);
    await expect(cache.clear()).rejects.toMatchObject({ code: 1011 });
    await server.restart();
    await until(() => cache.state === CacheState.HEALTHY);
    for (const id of ["before", "during"]) expect(await cache.checkAndAdd(id, now() + 60)).toBe(false);
    expect(await (await open()).checkAndAdd("during", now() + 60)).toBe(false);
  });

  test("lets a token in once per server during an outage, and reports that when it is over", async () => {
    const observers = [new Recorder(), new Recorder(), new Recorder()];
    const caches = await Promise.all(observers.map((observer) => open({ observer })));
    await server.kill();
    for (const cache of caches) {
      expect(await cache.checkAndAdd("shared", now() + 60)).toBe(true);
      expect(await cache.checkAndAdd("shared", now() + 60)).toBe(false);
    }
    await server.restart();
    await until(() => caches.every(({ state }) => state === CacheState.HEALTHY));
    for (const cache of caches) expect(await cache.checkAndAdd("shared", now() + 60)).toBe(false);
    const told = observers.flatMap(({ events }) =>
      events.filter((event) => event.type === "cache_written_back"),
    );
    expect(told.map(({ written }) => written).sort()).toEqual([0, 0, 1]);
    expect(told.map(({ conflicts }) => conflicts).sort()).toEqual([0, 1, 1]);
  });

  test("asks nothing of a Redis that is away, so that checks do not wait", async () => {
    const cache = await open();
    await server.kill();
    await cache.checkAndAdd("first", now() + 60);
    const startedAt = performance.now();
    for (let n = 0; n < 1000; n++) expect(await cache.checkAndAdd(`then-${n}`, now() + 60)).toBe(true);
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect(cache.getHealthStatus().pendingIds).toBe(1001);
    await server.restart();
    await until(() => cache.state === CacheState.HEALTHY);
    expect(await (await open()).count()).toBe(1001);
  });

  test("does not keep ids that expire before Redis is back", async () => {
    const cache = await open();
    await server.kill();
    for (let n = 0; n < 5000; n++) await cache.checkAndAdd(`short-${n}`, now() + 0.05);
    expect(cache.getHealthStatus().pendingIds).toBeLessThan(5000);
    await server.restart();
    await until(() => cache.state === CacheState.HEALTHY);
    expect(cache.getHealthStatus().pendingIds).toBe(0);
  });

  test("writes pending ids to Redis when the cache closes", async () => {
    const cache = await open({ retryDelaySeconds: 60, maxRetries: 0 });
    await server.kill();
    expect(await cache.checkAndAdd("late", now() + 60)).toBe(true);
    await server.restart();
    const other = await open();
    await until(async () => {
      const list = String(await server.command("CLIENT", "LIST"));
      // Two connections of each, past their handshake.
      return [...list.matchAll(/ cmd=(ping|client\|setinfo|client|set|setrange|info) /g)].length >= 4;
    });
    await setTimeout(100);
    await cache.close();
    expect(await other.checkAndAdd("late", now() + 60)).toBe(false);
  });
});

describe("a RedisReplayCache that nobody watches", () => {
  async function warningsOf(options: RedisReplayCacheOptions): Promise<readonly unknown[]> {
    const emit = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    // Nothing listens on port 1 of this machine.
    const cache = new RedisReplayCache({ url: "redis://:s3cret@127.0.0.1:1", ...quick, ...options });
    try {
      await cache.checkAndAdd("id", now() + 60).catch(() => undefined);
      await cache.checkAndAdd("other", now() + 60).catch(() => undefined);
      return emit.mock.calls;
    } finally {
      await cache.close();
      emit.mockRestore();
    }
  }

  test("warns once that it decides by itself, without the URL's password", async () => {
    const warnings = await warningsOf({});
    expect(warnings).toEqual([
      [
        expect.stringMatching(/Redis is unavailable, and this server decides by itself/),
        { code: "ATTEST_NO_REDIS" },
      ],
    ]);
    expect(JSON.stringify(warnings)).not.toContain("s3cret");
  });

  test("leaves it to its observer where it has one", async () => {
    expect(await warningsOf({ observer: new Recorder() })).toEqual([]);
  });
});
