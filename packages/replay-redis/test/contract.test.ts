import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { type ReplayCacheHarness, replayCacheContract } from "@attest/core/testing";
import { createClient, createClientPool } from "redis";
import { afterAll, beforeAll, describe, type TestContext, test } from "vitest";
import { REDIS } from "../../../test-support/find-program.ts";
import { needs } from "../../../test-support/needs.ts";
import { RedisReplayCache, type RedisReplayCacheOptions } from "../src/index.js";
import { RedisCluster } from "./support/redis-cluster.ts";
import { RedisServer } from "./support/redis-server.ts";

/** Caches with a prefix of their own each, so that each is empty. */
function harness(options: RedisReplayCacheOptions, { onTestFinished }: TestContext): ReplayCacheHarness {
  return {
    create: async () => {
      const cache = new RedisReplayCache({ ...options, keyPrefix: `test:${randomUUID()}:` });
      onTestFinished(() => cache.close());
      await cache.connect();
      return cache;
    },
    now: () => Date.now() / 1000,
    pass: (seconds) => setTimeout(seconds * 1000),
  };
}

describe("RedisReplayCache keeps the contract of replay caches", await needs(REDIS), () => {
  let server: RedisServer;
  let cluster: RedisCluster;
  beforeAll(async () => {
    [server, cluster] = await Promise.all([RedisServer.start(), RedisCluster.start()]);
  });
  afterAll(() => Promise.all([server.stop(), cluster.stop()]));

  describe.concurrent("over connections of its own", () => {
    test.for(replayCacheContract)("$name", ({ run }, context) => run(harness({ url: server.url }, context)));
  });

  describe.concurrent("over a client of the user's", () => {
    test.for(replayCacheContract)("$name", async ({ run }, context) => {
      const client = createClient({ url: server.url });
      await client.connect();
      await run(harness({ client }, context)).finally(() => client.destroy());
    });
  });

  describe.concurrent("over a pool", () => {
    test.for(replayCacheContract)("$name", async ({ run }, context) => {
      const client = createClientPool({ url: server.url });
      await client.connect();
      await run(harness({ client }, context)).finally(() => client.destroy());
    });
  });

  describe.concurrent("over a cluster of three", () => {
    test.for(replayCacheContract)("$name", async ({ run }, context) => {
      const client = cluster.createClient();
      await client.connect();
      await run(harness({ client }, context)).finally(() => client.destroy());
    });
  });
});
