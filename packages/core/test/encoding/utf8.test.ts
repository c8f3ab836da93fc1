import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { decodeUtf8, encodeUtf8 } from "../../src/encoding/utf8.js";

describe("encodeUtf8", () => {
  test("gives the UTF-8 bytes of a text", () => {
    expect(Buffer.from(encodeUtf8("aé€😀")).toString("hex")).toBe("61c3a9e282acf09f9880");
  });
});

describe("decodeUtf8", () => {
  test("gives back the text", () => {
    expect(decodeUtf8(encodeUtf8("aé€😀"))).toBe("aé€😀");
  });

  test("leaves a byte order mark in the text, where JSON refuses it", () => {
    expect(decodeUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b))).toBe("\ufeff{");
  });

  test.each([
    ["a lone continuation byte", [0x80]],
    ["a cut sequence", [0xe2, 0x82]],
    ["an overlong slash", [0xc0, 0xaf]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["a byte beyond Unicode", [0xff]],
  ])("refuses %s", (_, bytes) => {
    expect(decodeUtf8(Uint8Array.from(bytes))).toBeUndefined();
  });
});
