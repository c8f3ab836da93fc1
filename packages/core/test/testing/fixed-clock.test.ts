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

  test.each([
    [new Date(), /seconds since the Unix epoch: date.getTime\(\) \/ 1000, got a Date/],
    [Date.now(), /now is in seconds, not milliseconds/],
    ["2026-01-01", /got string/],
    [null, /got null/],
    [{ now: 5 }, /got object/],
  ])("says what was meant by %o", (now, message) => {
    expect(() => new FixedClock(now as never)).toThrow(message);
  });

  test("is moved by a number alone", () => {
    const clock = new FixedClock(1000);
    for (const wrong of ["5", undefined, new Date()]) {
      expect(() => clock.advance(wrong as never)).toThrow(/seconds must be a number of seconds/);
    }
    expect(clock.now()).toBe(1000);
  });
});
