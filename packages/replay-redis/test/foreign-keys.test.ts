import { randomBytes, randomUUID } from "node:crypto";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { REDIS } from "../../../test-support/find-program.ts";
import { needs } from "../../../test-support/needs.ts";
import { CacheState, RedisReplayCache, type RedisReplayCacheOptions } from "../src/index.js";
import { idKey } from "../src/store/id-key.js";
import { RedisCluster } from "./support/redis-cluster.ts";
import { RedisServer } from "./support/redis-server.ts";

const now = () => Date.now() / 1000;

describe("RedisReplayCache whose prefix other keys share", await needs(REDIS), () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  async function open(options: RedisReplayCacheOptions): Promise<RedisReplayCache> {
    const cache = new RedisReplayCache({ poolSize: 2, ...options });
    onTestFinished(() => cache.close());
    await cache.connect();
    return cache;
  }

  async function connectedClient() {
    const client = createClient({ url: server.url });
    await client.connect();
    onTestFinished(() => client.destroy());
    return client;
  }

  test("counts and clears only keys that a cache wrote, among 20,000 of the same length and alphabet", async () => {
    const client = await connectedClient();
    const keyPrefix = `test:${randomUUID()}:`;
    const foreign = Array.from(
      { length: 20_000 },
      () => keyPrefix + randomBytes(17).toString("base64url").slice(0, 22),
    );
    await client.mSet(foreign.map((key, n) => [key, String(n)] as [string, string]));
    const cache = await open({ url: server.url, keyPrefix });
    for (let n = 0; n < 50; n++) await cache.checkAndAdd(`id-${n}`, now() + 60);
    expect(await cache.count()).toBe(50);
    await cache.clear();
    expect(await cache.count()).toBe(0);
    expect(await client.exists(foreign)).toBe(foreign.length);
    expect(await cache.checkAndAdd("id-0", now() + 60)).toBe(true);
  });

  test("clears what every cache with this prefix wrote, and no cache with a longer one", async () => {
    const keyPrefix = `test:${randomUUID()}:`;
    const [first, second, longer] = [
      await open({ url: server.url, keyPrefix }),
      await open({ url: server.url, keyPrefix }),
      await open({ url: server.url, keyPrefix: `${keyPrefix}x` }),
    ];
    for (const cache of [first, second, longer]) await cache.checkAndAdd(randomUUID(), now() + 60);
    await first.clear();
    expect(await second.count()).toBe(0);
    expect(await longer.count()).toBe(1);
  });

  test.each([true, false])(
    "refuses the one id whose key holds another type, leaves that key alone, and stays healthy (fallbackEnabled %s)",
    async (fallbackEnabled) => {
      const client = await connectedClient();
      const keyPrefix = `test:${randomUUID()}:`;
      const taken = idKey(keyPrefix, "taken");
      await client.lPush(taken, "a list");
      const cache = await open({ url: server.url, keyPrefix, fallbackEnabled });
      expect(await cache.checkAndAdd("taken", now() + 60)).toBe(false);
      expect(await cache.checkAndAdd("other", now() + 60)).toBe(true);
      expect(await cache.count()).toBe(1);
      await cache.clear();
      expect(await client.type(taken)).toBe("list");
      expect(cache.state).toBe(CacheState.HEALTHY);
    },
  );

  test("leaves other keys alone in a cluster, too", async () => {
    const cluster = await RedisCluster.start();
    onTestFinished(() => cluster.stop());
    const client = cluster.createClient();
    await client.connect();
    onTestFinished(() => client.destroy());
    const foreign = Array.from(
      { length: 300 },
      () => `jti:${randomBytes(17).toString("base64url").slice(0, 22)}`,
    );
    await Promise.all(foreign.map((key) => client.set(key, "1")));
    const cache = await open({ client, keyPrefix: "jti:" });
    for (let n = 0; n < 50; n++) await cache.checkAndAdd(`id-${n}`, now() + 60);
    expect(await cache.count()).toBe(50);
    await cache.clear();
    expect(await cache.count()).toBe(0);
    const left = await Promise.all(foreign.map((key) => client.exists(key)));
    expect(left).toEqual(foreign.map(() => 1));
  });
});
