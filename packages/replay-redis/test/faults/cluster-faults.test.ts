import { setTimeout } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { REDIS } from "../../../../test-support/find-program.ts";
import { needs } from "../../../../test-support/needs.ts";
import { CacheState, RedisReplayCache } from "../../src/index.js";
import { Load } from "../support/load.ts";
import { print } from "../support/print.ts";
import { Recorder } from "../support/recorder.ts";
import { RedisCluster, until } from "../support/redis-cluster.ts";
import { sized } from "../support/scale.ts";

describe("RedisReplayCache over a cluster", await needs(REDIS), () => {
  test("accepts no id twice, and refuses no honest one, while a master dies and its replica takes over", async () => {
    const cluster = await RedisCluster.start({ replicas: true });
    onTestFinished(() => cluster.stop());
    const client = cluster.createClient();
    await client.connect();
    onTestFinished(() => client.destroy());
    const observer = new Recorder();
    const cache = new RedisReplayCache({ client, socketTimeoutSeconds: 1, retryDelaySeconds: 0.2, observer });
    onTestFinished(() => cache.close());
    await cache.connect();

    const load = new Load(cache);
    await setTimeout(sized(2000, 500));
    const killedAt = performance.now();
    await cluster.masters[1]?.kill();
    await until(() => cache.state === CacheState.DEGRADED);
    await until(() => cache.state === CacheState.HEALTHY);
    const awaySeconds = (performance.now() - killedAt) / 1000;
    await setTimeout(sized(2000, 500));
    const report = await load.stop();
    print("a failover in the cluster", { ...report, awaySeconds, states: observer.states });

    expect(report).toMatchObject({ acceptedTwice: 0, falseReplays: 0, undecided: 0, otherErrors: [] });
    expect(report.longestSeconds).toBeLessThan(2.1);
    expect(cache.getHealthStatus()).toMatchObject({ state: "healthy", pendingIds: 0 });
  });
});
