import { randomUUID } from "node:crypto";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { REDIS } from "../../../test-support/find-program.ts";
import { needs } from "../../../test-support/needs.ts";
import { idKey } from "../src/id-key.js";
import { CacheState, RedisReplayCache } from "../src/index.js";
import { RedisServer } from "./support/redis-server.ts";

const now = () => Date.now() / 1000;

describe("RedisReplayCache, over a Redis that is used for other things too,", await needs(REDIS), () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  async function connectedClient() {
    const client = createClient({ url: server.url });
    await client.connect();
    onTestFinished(() => client.destroy());
    return client;
  }

  test.each([true, false])(
    "loses one id to a key of another type, and stays healthy (fall-back: %s)",
    async (fallbackEnabled) => {
      const client = await connectedClient();
      const keyPrefix = `test:${randomUUID()}:`;
      await client.lPush(idKey(keyPrefix, "taken"), "a list");
      const cache = new RedisReplayCache({ url: server.url, keyPrefix, fallbackEnabled });
      onTestFinished(() => cache.close());
      await cache.connect();
      expect(await cache.checkAndAdd("taken", now() + 60)).toBe(false);
      expect(await cache.checkAndAdd("other", now() + 60)).toBe(true);
      expect(cache.state).toBe(CacheState.HEALTHY);
    },
  );

  test("does not trust a client that does not know the options of SET, and says so", async () => {
    const client = await connectedClient();
    // As node-redis 4 does, which calls the options by other names.
    const old = {
      set: (key: string, value: string) => client.sendCommand(["SET", key, value, "GET"]),
      exists: (key: string) => client.exists(key),
      setRange: (key: string, offset: number, value: string) => client.setRange(key, offset, value),
      scan: (cursor: string, options: { readonly MATCH: string; readonly COUNT: number }) =>
        client.scan(cursor, options),
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
