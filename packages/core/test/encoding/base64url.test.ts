import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeBase64url, decodeTextFromBase64url, encodeBase64url } from "../../src/encoding/base64url.js";
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

const codecs = [
  ["node", node],
  ["portable", portable],
] as const;

describe.each(codecs)("decodeBase64url (%s)", (_, { encode, decode }) => {
  test("gives back every byte that was encoded", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(decode(encode(bytes))).toEqual(bytes);
      }),
      { numRuns: 300 },
    );
  });

  test("gives memory of its own, which nobody else writes into", () => {
    expect(decode("Zm9v")?.buffer.byteLength).toBe(3);
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
        expect(decode(text)).toEqual(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  test("reads each last character whose unused bits are zero, and no other", () => {
    const readable = (start: string): string =>
      [...ALPHABET].filter((last) => decode(start + last) !== undefined).join("");
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
    ["a character that is a letter but for its high byte", "Zm9\u0176"],
    ["a character from another plane", "Zm\u{1F600}"],
    ["a NUL", "Zm9\0"],
    ["a length that no bytes encode to", "Zm9vZ"],
  ])("refuses %s", (_reason, text) => {
    expect(decode(text)).toBeUndefined();
  });
});

describe.each(codecs)("decodeTextFromBase64url (%s)", (_, { encode, encodeText, decodeText }) => {
  test("gives back every text of whole characters", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 100 }), (text) => {
        expect(decodeText(encodeText(text))).toBe(text);
      }),
      { numRuns: 300 },
    );
  });

  test("leaves a byte order mark in the text, where JSON refuses it", () => {
    expect(decodeText(encode(Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b)))).toBe("\ufeff{");
  });

  test("reads bytes only if they are UTF-8, as the platform's own decoder does", () => {
    const nearUtf8 = fc.uint8Array({ maxLength: 12, min: 0x60 });
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    const expected = (bytes: Uint8Array) => {
      try {
        return decoder.decode(bytes);
      } catch {
        return undefined;
      }
    };
    fc.assert(
      fc.property(nearUtf8, (bytes) => {
        expect(decodeText(encode(bytes))).toBe(expected(bytes));
      }),
      { numRuns: 2_000 },
    );
    expect(decodeText(encode(Uint8Array.of(0xed, 0xa0, 0x80)))).toBeUndefined();
  });

  test("refuses what is not canonical", () => {
    expect(decodeText("Zm8=")).toBeUndefined();
    expect(decodeText("Zh")).toBeUndefined();
  });
});

describe.each(codecs)("asciiBytes (%s)", (_, { encodeAscii }) => {
  test("gives the bytes of every ASCII text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary-ascii", maxLength: 3000 }), (text) => {
        expect(encodeAscii(text)).toEqual(new TextEncoder().encode(text));
      }),
      { numRuns: 200 },
    );
  });
});

describe("the codec of this runtime", () => {
  test("is Node's", () => {
    expect(decodeBase64url("Zm9v")).toEqual(node.decode("Zm9v"));
    expect(decodeTextFromBase64url("Zm9v")).toBe("foo");
  });
});
