import { randomUUID } from "node:crypto";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { REDIS } from "../../../test-support/find-program.ts";
import { needs } from "../../../test-support/needs.ts";
import { CacheState, RedisReplayCache, type RedisReplayCacheOptions } from "../src/index.js";
import { Recorder } from "./support/recorder.ts";
import { RedisCluster, until } from "./support/redis-cluster.ts";
import { RedisServer } from "./support/redis-server.ts";

const now = () => Date.now() / 1000;
const SAYS = /createCluster/;

describe("RedisReplayCache over one node of a cluster", await needs(REDIS), () => {
  let cluster: RedisCluster;
  let url: string;
  beforeAll(async () => {
    cluster = await RedisCluster.start();
    url = cluster.masters[0]?.url ?? "";
  });
  afterAll(() => cluster.stop());

  function create(options: RedisReplayCacheOptions): RedisReplayCache {
    const cache = new RedisReplayCache({ retryDelaySeconds: 0.05, ...options });
    onTestFinished(() => cache.close());
    return cache;
  }

  test("says at connect that a cluster needs createCluster, in the event and not as a reply of Redis", async () => {
    const observer = new Recorder();
    const cache = create({ url, observer });
    await cache.connect();
    expect(cache.getHealthStatus()).toMatchObject({ state: CacheState.DEGRADED, redisConnected: true });
    const [event] = observer.events;
    expect(event).toMatchObject({
      type: "cache_state_changed",
      cause: [expect.stringMatching(SAYS), expect.stringContaining("MOVED")],
    });
  });

  test("says so in the error of connect and of every check, where there is no fall-back", async () => {
    const cache = create({ url, fallbackEnabled: false });
    for (const use of [() => cache.connect(), () => cache.checkAndAdd(randomUUID(), now() + 60)]) {
      await expect(use()).rejects.toMatchObject({
        code: 1011,
        cause: { message: expect.stringMatching(SAYS) },
      });
    }
  });

  test("says the same of a user's client that is no cluster", async () => {
    const client = createClient({ url });
    await client.connect();
    onTestFinished(() => client.destroy());
    const cache = create({ client, fallbackEnabled: false });
    await expect(cache.connect()).rejects.toMatchObject({ cause: { message: expect.stringMatching(SAYS) } });
  });

  test("works where that node holds every key", async () => {
    const lone = await RedisServer.start("--cluster-enabled", "yes");
    onTestFinished(() => lone.stop());
    await lone.command("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
    await until(async () => String(await lone.command("CLUSTER", "INFO")).includes("cluster_state:ok"));
    const cache = create({ url: lone.url, fallbackEnabled: false });
    await cache.connect();
    for (let n = 0; n < 20; n++) expect(await cache.checkAndAdd(`id-${n}`, now() + 60)).toBe(true);
    expect(cache.state).toBe(CacheState.HEALTHY);
  });
});
