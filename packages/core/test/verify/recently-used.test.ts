import { describe, expect, test } from "vitest";
import { RecentlyUsed } from "../../src/verify/recently-used.js";

describe("RecentlyUsed", () => {
  test("keeps as many values as it is told, and lets the least recently used go", () => {
    const memory = new RecentlyUsed<number>(3);
    for (const [value, key] of ["a", "b", "c"].entries()) memory.set(key, value);
    expect(memory.get("a")).toBe(0);
    memory.set("d", 3);
    expect(["a", "b", "c", "d"].map((key) => memory.get(key))).toEqual([0, undefined, 2, 3]);
  });

  test("a value that is set again counts once, and as used", () => {
    const memory = new RecentlyUsed<number>(2);
    memory.set("a", 1);
    memory.set("b", 1);
    memory.set("a", 2);
    memory.set("c", 1);
    expect(["a", "b", "c"].map((key) => memory.get(key))).toEqual([2, undefined, 1]);
  });

  test("asking for what it does not have makes no room and takes none", () => {
    const memory = new RecentlyUsed<number>(1);
    memory.set("a", 1);
    expect(memory.get("b")).toBeUndefined();
    expect(memory.get("a")).toBe(1);
  });

  test("holds 4096 values of 100,000", () => {
    const memory = new RecentlyUsed<number>(4096);
    for (let value = 0; value < 100_000; value++) memory.set(`${value}`, value);
    const kept = Array.from({ length: 100_000 }, (_, value) => memory.get(`${value}`)).filter(
      (value) => value !== undefined,
    );
    expect(kept).toHaveLength(4096);
    expect(kept[0]).toBe(100_000 - 4096);
  });
});
