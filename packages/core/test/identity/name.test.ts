import { describe, expect, test } from "vitest";
import { isName, nameOption } from "../../src/identity/name.js";

describe("isName", () => {
  test("counts characters, not UTF-16 units, up to 256", () => {
    expect(isName("x")).toBe(true);
    expect(isName("x".repeat(256))).toBe(true);
    expect(isName("😀".repeat(256))).toBe(true);
    expect(isName("x".repeat(257))).toBe(false);
    expect(isName(`${"😀".repeat(256)}x`)).toBe(false);
    expect(isName("")).toBe(false);
    expect(isName(1)).toBe(false);
  });
});

describe("nameOption", () => {
  test("names the option and the kind of its value, never the value", () => {
    expect(nameOption("x", "provider")).toBe("x");
    expect(() => nameOption(["secret"], "provider")).toThrow(
      new TypeError("provider must be a string of 1 to 256 characters, got an array"),
    );
  });
});
