import { randomUUID } from "node:crypto";
import { createClient } from "redis";
import { describe, expect, onTestFinished, test } from "vitest";
import { REDIS } from "../../../test-support/find-program.ts";
import { needs } from "../../../test-support/needs.ts";
import { CacheState, RedisReplayCache, type ScanOptions } from "../src/index.js";
import { RedisServer } from "./support/redis-server.ts";

const now = () => Date.now() / 1000;

describe("RedisReplayCache over a client of the user's", await needs(REDIS), () => {
  test("does not trust a client that does not know the options of SET, and says so", async () => {
    const server = await RedisServer.start();
    onTestFinished(() => server.stop());
    const client = createClient({ url: server.url });
    await client.connect();
    onTestFinished(() => client.destroy());
    // As node-redis 4 does, which calls the options by other names.
    const old = {
      set: (key: string, value: string) => client.sendCommand(["SET", key, value, "GET"]),
      exists: (key: string) => client.exists(key),
      setRange: (key: string, offset: number, value: string) => client.setRange(key, offset, value),
      scan: (cursor: string, options: ScanOptions) => client.scan(cursor, options),
      unlink: (key: string) => client.unlink(key),
      info: (section: string) => client.info(section),
    };
    const cache = new RedisReplayCache({
      client: old,
      fallbackEnabled: false,
      keyPrefix: `test:${randomUUID()}:`,
    });
    onTestFinished(() => cache.close());
    const refusal = await cache.connect().catch((error: unknown) => error);
    const cause = { message: expect.stringContaining("node-redis 5 or newer") };
    expect(refusal).toMatchObject({ code: 1011, cause });
    expect(cache.state).toBe(CacheState.UNHEALTHY);
    await expect(cache.checkAndAdd("id", now() + 60)).rejects.toMatchObject({ code: 1011 });
  });
});
