import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { kindOf, printable } from "../src/printable.js";

const anyText = fc.uint16Array({ maxLength: 400 }).map((units) => String.fromCharCode(...units));

describe("printable", () => {
  test("leaves printable ASCII as it is", () => {
    const ascii = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join("");
    expect(printable(ascii)).toBe(ascii);
  });

  test("escapes line breaks, terminal codes, other control characters and everything beyond ASCII", () => {
    expect(printable("a\nb\r\u001b[31m\0\u007f")).toBe("a\\u000ab\\u000d\\u001b[31m\\u0000\\u007f");
    expect(printable("\u0430😀\u202e")).toBe("\\u0430\\ud83d\\ude00\\u202e");
  });

  test("keeps 256 characters, and marks a longer text as cut", () => {
    expect(printable("x".repeat(256))).toBe("x".repeat(256));
    expect(printable("x".repeat(257))).toBe(`${"x".repeat(256)}…`);
  });

  test("lets nothing else through, whatever the text", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(printable(text)).toMatch(/^[ -~…]*$/);
      }),
    );
  });
});

describe("kindOf", () => {
  test("says what a value is and never what is in it", () => {
    expect([null, undefined, [1], {}, "secret", 1, () => {}].map(kindOf)).toEqual([
      "null",
      "undefined",
      "an array",
      "object",
      "string",
      "number",
      "function",
    ]);
  });
});
