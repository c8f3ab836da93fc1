import { describe, expect, test } from "vitest";
import { InMemoryReplayCache } from "../../src/replay/in-memory-replay-cache.js";
import { FixedClock, replayCacheContract } from "../../src/testing.js";
import { NOW } from "../support/attested.js";

function cacheAt(now: number, maxEntries?: number) {
  const clock = new FixedClock(now);
  return { clock, cache: new InMemoryReplayCache({ clock, maxEntries }) };
}

const full = expect.objectContaining({ code: 1011 });

describe("InMemoryReplayCache", () => {
  test.each(replayCacheContract)("$name", async ({ run }) => {
    const clock = new FixedClock(NOW);
    await run({
      create: async () => new InMemoryReplayCache({ clock }),
      now: () => clock.now(),
      pass: async (seconds) => clock.advance(seconds),
    });
  });

  test("lets an id in once", async () => {
    const { cache } = cacheAt(NOW);
    expect(await cache.checkAndAdd("a", NOW + 10)).toBe(true);
    expect(await cache.checkAndAdd("a", NOW + 10)).toBe(false);
    expect(await cache.checkAndAdd("a", NOW + 999)).toBe(false);
    expect(await cache.checkAndAdd("b", NOW + 10)).toBe(true);
  });

  test("lets exactly one of 100 concurrent calls in", async () => {
    const { cache } = cacheAt(NOW);
    const answers = await Promise.all(Array.from({ length: 100 }, () => cache.checkAndAdd("a", NOW + 10)));
    expect(answers.filter(Boolean)).toHaveLength(1);
  });

  test("counts what it remembers, tells what exists, and forgets all when cleared", async () => {
    const { cache } = cacheAt(NOW);
    await cache.checkAndAdd("a", NOW + 10);
    await cache.checkAndAdd("b", NOW + 10);
    expect([await cache.count(), await cache.exists("a"), await cache.exists("c")]).toEqual([2, true, false]);
    await cache.clear();
    expect([await cache.count(), await cache.exists("a")]).toEqual([0, false]);
    expect(await cache.checkAndAdd("a", NOW + 10)).toBe(true);
  });

  test("remembers an id until its exp and not a second less", async () => {
    const { clock, cache } = cacheAt(NOW);
    await cache.checkAndAdd("a", NOW + 10);
    clock.advance(9.999);
    expect([await cache.exists("a"), await cache.count()]).toEqual([true, 1]);
    clock.advance(0.001);
    expect([await cache.exists("a"), await cache.count()]).toEqual([false, 0]);
  });

  test("remembers an id with a fractional exp until that fraction has passed", async () => {
    const { clock, cache } = cacheAt(NOW);
    await cache.checkAndAdd("a", NOW + 10.5);
    clock.advance(10.499);
    expect(await cache.exists("a")).toBe(true);
    clock.advance(0.501);
    expect(await cache.exists("a")).toBe(false);
  });

  test("refuses an id that has expired already, since it could not remember it", async () => {
    const { cache } = cacheAt(NOW);
    for (const exp of [NOW, NOW - 1, 0, Number.NaN]) expect(await cache.checkAndAdd("a", exp)).toBe(false);
    expect(await cache.checkAndAdd("a", NOW + 0.001)).toBe(true);
  });

  test("refuses new ids when it is full, 1011, and never evicts a live one", async () => {
    const { cache } = cacheAt(NOW, 2);
    await cache.checkAndAdd("a", NOW + 10);
    await cache.checkAndAdd("b", NOW + 20);
    await expect(cache.checkAndAdd("c", NOW + 999)).rejects.toEqual(full);
    expect(await cache.checkAndAdd("a", NOW + 10)).toBe(false);
    expect(await cache.checkAndAdd("b", NOW + 20)).toBe(false);
    expect(await cache.count()).toBe(2);
  });

  test("has room again as soon as an id expires", async () => {
    const { clock, cache } = cacheAt(NOW, 2);
    await cache.checkAndAdd("a", NOW + 10);
    await cache.checkAndAdd("b", NOW + 20);
    clock.advance(9);
    await expect(cache.checkAndAdd("c", NOW + 30)).rejects.toEqual(full);
    clock.advance(1);
    expect(await cache.checkAndAdd("c", NOW + 30)).toBe(true);
    expect(await cache.checkAndAdd("b", NOW + 20)).toBe(false);
  });

  test("lets no forgotten id in again when the clock goes backwards", async () => {
    const { clock, cache } = cacheAt(NOW);
    await cache.checkAndAdd("a", NOW + 10);
    clock.advance(10);
    expect(await cache.exists("a")).toBe(false);
    clock.advance(-10);
    expect(await cache.checkAndAdd("a", NOW + 10)).toBe(false);
  });

  test("serves new tokens again after the clock was years ahead for a moment, and no token from before", async () => {
    const { clock, cache } = cacheAt(NOW);
    expect(await cache.checkAndAdd("before", NOW + 300)).toBe(true);
    clock.advance(1e9);
    expect(await cache.count()).toBe(0);
    clock.advance(-1e9);
    expect(await cache.checkAndAdd("before", NOW + 300)).toBe(false);
    expect(await cache.checkAndAdd("new", NOW + 300)).toBe(false);
    expect(await cache.checkAndAdd("new", NOW + 301)).toBe(true);
    expect(await cache.checkAndAdd("new", NOW + 301)).toBe(false);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, undefined])(
    "cannot tell, 1011, when the clock says %s",
    async (now) => {
      const cache = new InMemoryReplayCache({ clock: { now: () => now as number } });
      await expect(cache.checkAndAdd("a", NOW)).rejects.toThrow(expect.objectContaining({ code: 1011 }));
    },
  );

  test("keeps live ids when the clock goes backwards", async () => {
    const { clock, cache } = cacheAt(NOW);
    await cache.checkAndAdd("a", NOW + 10);
    clock.advance(-3600);
    expect(await cache.checkAndAdd("a", NOW + 10)).toBe(false);
    expect(await cache.checkAndAdd("b", NOW + 10)).toBe(true);
  });

  test("holds many ids, and lets go of each in its own second", async () => {
    const { clock, cache } = cacheAt(NOW);
    for (let second = 1; second <= 1000; second++) await cache.checkAndAdd(`${second}`, NOW + second);
    clock.advance(400);
    expect(await cache.count()).toBe(600);
    expect([await cache.exists("400"), await cache.exists("401")]).toEqual([false, true]);
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "10"])(
    "takes no maxEntries of %s",
    (maxEntries) => {
      expect(() => new InMemoryReplayCache({ maxEntries: maxEntries as number })).toThrow(RangeError);
      expect(() => new InMemoryReplayCache({ maxEntries: maxEntries as number })).toThrow(/^maxEntries /);
    },
  );

  test("goes by the system's clock unless given another", async () => {
    const cache = new InMemoryReplayCache();
    expect(await cache.checkAndAdd("past", Date.now() / 1000 - 1)).toBe(false);
    expect(await cache.checkAndAdd("future", Date.now() / 1000 + 60)).toBe(true);
  });
});
