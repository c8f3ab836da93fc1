import { describe, expect, test } from "vitest";
import { isTrustedAtLeast, isTrustLevel, TrustLevel, trustLevelOf } from "../src/trust.js";

describe("isTrustedAtLeast", () => {
  test("puts provider above enterprise above none", () => {
    const levels = ["none", "enterprise", "provider"] as const;
    const answers = levels.map((actual) => levels.map((needed) => isTrustedAtLeast(actual, needed)));
    expect(answers).toEqual([
      [true, false, false],
      [true, true, false],
      [true, true, true],
    ]);
  });

  test.each(["root", "Provider", "", "__proto__", "toString", undefined, null])(
    "throws for the unknown level %j on either side, and names the levels there are",
    (level) => {
      const error = new TypeError(`"${level}" is not a trust level: none, enterprise, provider`);
      expect(() => isTrustedAtLeast(level as TrustLevel, "none")).toThrow(error);
      expect(() => isTrustedAtLeast("provider", level as TrustLevel)).toThrow(error);
    },
  );
});

describe("isTrustLevel", () => {
  test("knows the three levels and no other value", () => {
    expect(Object.values(TrustLevel).map(isTrustLevel)).toEqual([true, true, true]);
    for (const value of ["root", "constructor", undefined, 2, ["provider"]]) {
      expect(isTrustLevel(value)).toBe(false);
    }
  });
});

describe("trustLevelOf", () => {
  test("gives an attestation the level of its type", () => {
    expect(trustLevelOf("provider")).toBe("provider");
    expect(trustLevelOf("enterprise")).toBe("enterprise");
  });
});
