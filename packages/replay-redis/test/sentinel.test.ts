import { randomUUID } from "node:crypto";
import { createSentinel } from "redis";
import { describe, expect, onTestFinished, test } from "vitest";
import { REDIS } from "../../../test-support/find-program.ts";
import { needs } from "../../../test-support/needs.ts";
import { CacheState, RedisReplayCache } from "../src/index.js";
import { Load } from "./support/load.ts";
import { print } from "./support/print.ts";
import { until } from "./support/redis-cluster.ts";
import { RedisServer } from "./support/redis-server.ts";

describe("RedisReplayCache over a sentinel", await needs(REDIS), () => {
  test("keeps its word, its count and its prefix, while a master dies and its replica takes over", async () => {
    const master = await RedisServer.start();
    onTestFinished(() => master.stop());
    const replica = await RedisServer.start(
      "--replicaof",
      `127.0.0.1 ${master.port}`,
      "--repl-diskless-sync-delay",
      "0",
    );
    onTestFinished(() => replica.stop());
    const sentinel = await RedisServer.startSentinel("main", master.port);
    onTestFinished(() => sentinel.stop());
    await until(async () => String(await sentinel.command("INFO", "sentinel")).includes("slaves=1"));

    const client = createSentinel({
      name: "main",
      sentinelRootNodes: [{ host: "127.0.0.1", port: sentinel.port }],
      nodeClientOptions: { disableOfflineQueue: true, socket: { reconnectStrategy: 100 } },
      scanInterval: 500,
    });
    client.on("error", () => undefined);
    await client.connect();
    onTestFinished(() => client.destroy());
    const cache = new RedisReplayCache({
      client,
      keyPrefix: `${randomUUID()}:`,
      socketTimeoutSeconds: 0.5,
      retryDelaySeconds: 0.1,
    });
    onTestFinished(() => cache.close());
    await cache.connect();

    await cache.checkAndAdd("id", Date.now() / 1000 + 60);
    expect(await cache.count()).toBe(1);
    await cache.clear();
    expect(await cache.count()).toBe(0);
    expect(cache.getHealthStatus().eviction).toBe("none");

    const load = new Load(cache, { perSecond: 100 });
    await until(() => load.accepted.length > 20);
    await master.kill();
    await until(() => cache.state === CacheState.DEGRADED);
    await until(() => cache.state === CacheState.HEALTHY);
    const report = await load.stop();
    print("a failover by sentinel", report);
    expect(report).toMatchObject({ acceptedTwice: 0, falseReplays: 0, undecided: 0, otherErrors: [] });
    expect(String(await replica.command("ROLE"))).toContain("master");
  });
});
