import { describe, expect, test } from "vitest";
import { areAudiences } from "../../src/token/claims.js";

describe("areAudiences", () => {
  test("takes 1 to 16 strings", () => {
    expect(areAudiences(["a"])).toBe(true);
    expect(areAudiences(Array(16).fill("a"))).toBe(true);
    expect(areAudiences([])).toBe(false);
    expect(areAudiences(Array(17).fill("a"))).toBe(false);
    expect(areAudiences(["a", 1])).toBe(false);
  });

  test("takes nothing but a list", () => {
    for (const value of ["a", { 0: "a", length: 1 }, new Set(["a"]), null, undefined]) {
      expect(areAudiences(value)).toBe(false);
    }
  });
});
