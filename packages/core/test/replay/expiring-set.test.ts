import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ExpiringSet } from "../../src/replay/expiring-set.js";

describe("ExpiringSet", () => {
  test("agrees with a plain map of expiries, whatever comes in whatever order while time goes on", () => {
    const step = fc.record({
      id: fc.integer({ min: 0, max: 40 }),
      life: fc.integer({ min: 1, max: 30 }),
      pause: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const set = new ExpiringSet();
        const model = new Map<string, number>();
        let second = 1000;
        for (const { id, life, pause } of steps) {
          second += pause;
          set.expireUntil(second);
          for (const [text, expiry] of model) if (expiry <= second) model.delete(text);
          const text = `id-${id}`;
          expect(set.has(text, second)).toBe(model.has(text));
          expect(set.add(text, second + life, second)).toBe(!model.has(text));
          if (!model.has(text)) model.set(text, second + life);
          expect(set.size).toBe(model.size);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("holds every one of a hundred thousand members, and lets go of those that expire while it grows", () => {
    const set = new ExpiringSet();
    for (let index = 0; index < 100_000; index++) {
      if (!set.add(`id-${index}`, index < 50_000 ? 20 : 40, 10))
        throw new Error(`id-${index} was taken for another`);
    }
    expect(set.size).toBe(100_000);
    set.expireUntil(20);
    expect(set.size).toBe(50_000);
    for (let index = 0; index < 50_000; index++) {
      if (!set.add(`id-${index}`, 60, 20)) throw new Error(`id-${index} has expired and was refused`);
    }
    for (let index = 0; index < 100_000; index++) {
      if (set.add(`id-${index}`, 60, 20)) throw new Error(`id-${index} was accepted twice`);
    }
    expect(set.size).toBe(100_000);
  });

  test("keeps an expiry beyond the range of its slots to the end of that range", () => {
    const set = new ExpiringSet();
    expect(set.add("id", Number.POSITIVE_INFINITY, 10)).toBe(true);
    expect(set.add("id", 20, 4_000_000_000)).toBe(false);
  });
});
