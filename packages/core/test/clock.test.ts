import { describe, expect, test } from "vitest";
import { systemClock } from "../src/clock.js";

describe("systemClock", () => {
  test("tells the machine's time in seconds", () => {
    const before = Date.now() / 1000;
    const now = systemClock.now();
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now() / 1000);
  });
});
