import { describe, expect, test } from "vitest";
import { defineCheck } from "../../src/verify/check.js";

describe("defineCheck", () => {
  test("makes a check that cannot be changed", () => {
    const run = () => {};
    const check = defineCheck("own", run, { requiredClaims: ["department"] });
    expect(check).toEqual({ name: "own", run, advertises: { requiredClaims: ["department"] } });
    expect(check).toSatisfy(Object.isFrozen);
  });

  test("wants a name and a function", () => {
    for (const name of ["", undefined]) {
      expect(() => defineCheck(name as string, () => {})).toThrow(new TypeError("a check needs a name"));
    }
    expect(() => defineCheck("own", undefined as unknown as () => void)).toThrow(
      new TypeError('the check "own" must be a function of the context'),
    );
  });
});
