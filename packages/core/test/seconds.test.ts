import { describe, expect, test } from "vitest";
import { assertSeconds } from "../src/seconds.js";

describe("assertSeconds", () => {
  test("takes the least value and more, fractions too", () => {
    for (const value of [1, 1.5, 900]) expect(() => assertSeconds("skew", value, { min: 1 })).not.toThrow();
  });

  test.each([0.999, -1, Number.NaN, Number.POSITIVE_INFINITY, "1", null, undefined])(
    "names the option when its value is %s",
    (value) => {
      expect(() => assertSeconds("skew", value, { min: 1 })).toThrow(RangeError);
      expect(() => assertSeconds("skew", value, { min: 1 })).toThrow(/^skew must be/);
    },
  );
});
