import { createClient } from "redis";
import { describe, expect, onTestFinished, test } from "vitest";
import { REDIS } from "../../../test-support/find-program.ts";
import { needs } from "../../../test-support/needs.ts";
import { borrowedLink } from "../src/connection/redis-link.js";
import { send } from "../src/connection/send.js";
import { RedisServer } from "./support/redis-server.ts";

describe("send", await needs(REDIS), () => {
  test("takes an answer that came in time, though this process stood still for longer than that", async () => {
    const server = await RedisServer.start();
    onTestFinished(() => server.stop());
    const client = createClient({ url: server.url });
    await client.connect();
    onTestFinished(() => client.destroy());
    const link = borrowedLink(client);
    for (let round = 0; round < 5; round++) {
      const answer = send(link, 0.02, (redis) => redis.exists("key"));
      // The command goes out first, and then nothing moves here.
      setImmediate(() => {
        for (const until = performance.now() + 60; performance.now() < until; );
      });
      expect(await answer).toBe(0);
    }
  });

  test("gives up on a Redis that hangs, at the time it was given", async () => {
    const server = await RedisServer.start();
    onTestFinished(() => server.stop());
    const client = createClient({ url: server.url });
    await client.connect();
    onTestFinished(() => client.destroy());
    server.pause();
    const startedAt = performance.now();
    await expect(send(borrowedLink(client), 0.2, (redis) => redis.exists("key"))).rejects.toMatchObject({
      name: "CommandTimeoutError",
      message: "Redis gave no answer within 0.2 seconds",
    });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(195);
    expect(performance.now() - startedAt).toBeLessThan(1500);
  });
});
