import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeBase64url, encodeBase64url } from "../../src/encoding/base64url.js";
import * as node from "../../src/encoding/base64url.node.js";
import * as portable from "../../src/encoding/base64url.portable.js";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

describe("encodeBase64url", () => {
  test("writes what Node writes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(encodeBase64url(bytes)).toBe(Buffer.from(bytes).toString("base64url"));
      }),
      { numRuns: 300 },
    );
  });

  test("writes the test vectors of RFC 4648 §10 without their padding", () => {
    const written = ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map((text) =>
      encodeBase64url(Buffer.from(text)),
    );
    expect(written).toEqual(["", "Zg", "Zm8", "Zm9v", "Zm9vYg", "Zm9vYmE", "Zm9vYmFy"]);
  });
});

describe("encodeTextAsBase64url", () => {
  test.each([
    ["node", node],
    ["portable", portable],
  ])(
    "writes the UTF-8 bytes of any text, half surrogate pairs as replacement characters (%s)",
    (_, { encodeText }) => {
      fc.assert(
        fc.property(fc.string({ unit: "binary", maxLength: 100 }), (text) => {
          expect(encodeText(text)).toBe(Buffer.from(new TextEncoder().encode(text)).toString("base64url"));
        }),
        { numRuns: 300 },
      );
      expect(encodeText("\ud800")).toBe(Buffer.from("\ufffd").toString("base64url"));
    },
  );
});

describe("decodeBase64url", () => {
  test("gives back every byte that was encoded", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(decodeBase64url(encodeBase64url(bytes))).toEqual(bytes);
      }),
      { numRuns: 300 },
    );
  });

  test("reads a text only if it is what its bytes encode to", () => {
    const nearBase64url = fc.string({
      unit: fc.constantFrom(...ALPHABET, "=", "+", "/", " ", "\n", "é"),
      maxLength: 9,
    });
    fc.assert(
      fc.property(nearBase64url, (text) => {
        const bytes = Buffer.from(text, "base64url");
        const expected = bytes.toString("base64url") === text ? Uint8Array.from(bytes) : undefined;
        expect(decodeBase64url(text)).toEqual(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  test("reads each last character whose unused bits are zero, and no other", () => {
    const readable = (start: string): string =>
      [...ALPHABET].filter((last) => decodeBase64url(start + last) !== undefined).join("");
    expect(readable("A")).toBe("AQgw");
    expect(readable("AA")).toBe("AEIMQUYcgkosw048");
    expect(readable("AAA")).toBe(ALPHABET);
    expect(readable("AAAA")).toBe("");
  });

  test.each([
    ["padding", "Zg=="],
    ["padding", "Zm8="],
    ["the other alphabet", "-+-+"],
    ["the other alphabet", "_/_/"],
    ["a space", "Zm9 "],
    ["a line break", "Zm9v\n"],
    ["a dot", "Zm.v"],
    ["a character that is not ASCII", "Zm9\u0141"],
    ["a character from another plane", "Zm\u{1F600}"],
    ["a NUL", "Zm9\0"],
    ["a length that no bytes encode to", "Zm9vZ"],
  ])("refuses %s", (_, text) => {
    expect(decodeBase64url(text)).toBeUndefined();
  });
});
