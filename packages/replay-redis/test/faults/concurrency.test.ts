import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { REDIS } from "../../../../test-support/find-program.ts";
import { needs } from "../../../../test-support/needs.ts";
import { RedisReplayCache } from "../../src/index.js";
import { print } from "../support/print.ts";
import { RedisServer } from "../support/redis-server.ts";
import { sized } from "../support/scale.ts";

const now = () => Date.now() / 1000;

describe("RedisReplayCache at many servers over one Redis", await needs(REDIS), () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  async function openMany(count: number): Promise<readonly RedisReplayCache[]> {
    const caches = Array.from(
      { length: count },
      () => new RedisReplayCache({ url: server.url, poolSize: 2 }),
    );
    onTestFinished(async () => void (await Promise.all(caches.map((cache) => cache.close()))));
    await Promise.all(caches.map((cache) => cache.connect()));
    return caches;
  }

  test("lets exactly one of 1000 concurrent checks of one id at eight of them win, in every round", async () => {
    const caches = await openMany(8);
    const rounds = sized(200, 20);
    const winners: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const id = randomUUID();
      const answers = await Promise.all(
        Array.from({ length: 1000 }, (_, n) => caches[n % caches.length]?.checkAndAdd(id, now() + 60)),
      );
      winners.push(answers.filter((answer) => answer === true).length);
    }
    print("1000 concurrent checks of one id over eight caches", {
      rounds,
      withOneWinner: winners.filter((count) => count === 1).length,
    });
    expect(winners).toEqual(winners.map(() => 1));
  });

  test("accepts any number of different ids, and Redis holds none of them once they have expired", async () => {
    const caches = await openMany(2);
    const [first, second] = caches as [RedisReplayCache, RedisReplayCache];
    await first.clear();
    const total = sized(100_000, 10_000);
    const exp = now() + sized(25, 4);
    let accepted = 0;
    for (let done = 0; done < total; done += 1000) {
      const answers = await Promise.all(
        Array.from({ length: 1000 }, (_, n) => first.checkAndAdd(`id-${done + n}`, exp)),
      );
      accepted += answers.filter((isNew) => isNew).length;
    }
    const held = await second.count();
    await setTimeout((exp - now() + 1) * 1000);
    const left = await second.count();
    print("different ids", { total, accepted, held, leftAfterExpiry: left });
    expect({ accepted, held, left }).toEqual({ accepted: total, held: total, left: 0 });
  });
});
