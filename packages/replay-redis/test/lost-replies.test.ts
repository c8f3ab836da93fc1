import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { REDIS } from "../../../test-support/find-program.ts";
import { needs } from "../../../test-support/needs.ts";
import { CacheState, RedisReplayCache, type RedisReplayCacheOptions } from "../src/index.js";
import { LossyProxy } from "./support/lossy-proxy.ts";
import { Recorder } from "./support/recorder.ts";
import { until } from "./support/redis-cluster.ts";
import { RedisServer } from "./support/redis-server.ts";

const quick = { poolSize: 2, socketTimeoutSeconds: 0.3, retryDelaySeconds: 0.05 };
const now = () => Date.now() / 1000;

describe("a lost reply, for RedisReplayCache,", await needs(REDIS), () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  async function openBehindProxy(options: RedisReplayCacheOptions = {}) {
    const proxy = await LossyProxy.start(server.port);
    onTestFinished(() => proxy[Symbol.asyncDispose]());
    const cache = await open({ url: proxy.url, ...options });
    return { proxy, cache };
  }

  async function open(options: RedisReplayCacheOptions = {}): Promise<RedisReplayCache> {
    const cache = new RedisReplayCache({ url: server.url, ...quick, ...options });
    onTestFinished(() => cache.close());
    await cache.connect();
    return cache;
  }

  test.each([true, false])(
    "does not make an honest token a replay: the attempt recognises itself (fallbackEnabled %s)",
    async (fallbackEnabled) => {
      const { proxy, cache } = await openBehindProxy({ fallbackEnabled });
      const id = `cut-${fallbackEnabled}`;
      proxy.cutNext();
      expect(await cache.checkAndAdd(id, now() + 60)).toBe(true);
      expect(proxy.lost).toBe(1);
      expect(cache.metrics.redisErrors).toBeGreaterThan(0);
      expect(cache.state).toBe(CacheState.HEALTHY);
      expect(await cache.checkAndAdd(id, now() + 60)).toBe(false);
      expect(await (await open()).checkAndAdd(id, now() + 60)).toBe(false);
    },
  );

  test("leaves the same token a replay for every other attempt", async () => {
    const { proxy, cache } = await openBehindProxy();
    await (await open()).checkAndAdd("taken", now() + 60);
    proxy.cutNext();
    expect(await cache.checkAndAdd("taken", now() + 60)).toBe(false);
    expect(proxy.lost).toBe(1);
  });

  test("that times out is made good by the fall-back, and is no conflict when it is written back", async () => {
    const observer = new Recorder();
    const { proxy, cache } = await openBehindProxy({ observer });
    proxy.swallow();
    expect(await cache.checkAndAdd("swallowed", now() + 60)).toBe(true);
    expect(cache.state).toBe(CacheState.DEGRADED);
    expect(cache.getHealthStatus()).toMatchObject({ usingFallback: true, pendingIds: 1 });
    proxy.heal();
    await until(() => cache.state === CacheState.HEALTHY);
    expect(observer.events).toContainEqual({ type: "cache_written_back", written: 1, conflicts: 0 });
    expect(await cache.checkAndAdd("swallowed", now() + 60)).toBe(false);
  });

  test("that times out is 1011 without a fall-back, and the token is not accepted twice later", async () => {
    const { proxy, cache } = await openBehindProxy({ fallbackEnabled: false });
    proxy.swallow();
    await expect(cache.checkAndAdd("unknown", now() + 60)).rejects.toMatchObject({
      code: 1011,
      cause: { name: "CommandTimeoutError" },
    });
    proxy.heal();
    await until(() => cache.state === CacheState.HEALTHY);
    const answers = [
      await cache.checkAndAdd("unknown", now() + 60),
      await cache.checkAndAdd("unknown", now() + 60),
    ];
    expect(answers.filter((isNew) => isNew).length).toBeLessThanOrEqual(1);
  });
});
