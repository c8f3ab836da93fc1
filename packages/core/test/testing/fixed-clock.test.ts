import { describe, expect, test } from "vitest";
import { FixedClock } from "../../src/testing.js";

describe("FixedClock", () => {
  test("stands still until it is moved, and moves both ways", () => {
    const clock = new FixedClock(1000);
    expect([clock.now(), clock.now()]).toEqual([1000, 1000]);
    clock.advance(1.5);
    expect(clock.now()).toBe(1001.5);
    clock.advance(-2);
    expect(clock.now()).toBe(999.5);
  });
});
