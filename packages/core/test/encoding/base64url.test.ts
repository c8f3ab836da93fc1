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
    (_, { encodeTextAsBase64url: encodeText }) => {
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

describe.each(codecs)("decodeBase64url (%s)", (_, { encodeBase64url: encode, decodeBase64url: decode }) => {
  test("gives back every byte that was encoded", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(decode(encode(bytes))).toEqual(bytes);
      }),
      { numRuns: 300 },
    );
  });

  test("takes no character of the whole plane for one of the alphabet, wherever it stands", () => {
    for (let unit = 0; unit <= 0xffff; unit++) {
      const character = String.fromCharCode(unit);
      if (ALPHABET.includes(character)) continue;
      for (const text of [`${character}AAA`, `A${character}A`, `AAA${character}`]) {
        if (decode(text) !== undefined)
          expect.fail(`U+${unit.toString(16)} is read in ${JSON.stringify(text)}`);
      }
    }
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

describe.each(codecs)("decodeTextFromBase64url (%s)", (_, codec) => {
  const { encodeBase64url: encode, encodeTextAsBase64url: encodeText } = codec;
  const { decodeTextFromBase64url: decodeText } = codec;

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

  test("leaves a replacement character in the text, and takes none for bytes that are not UTF-8", () => {
    expect(decodeText(encodeText("a\ufffdb"))).toBe("a\ufffdb");
    expect(decodeText(encode(Uint8Array.of(0x61, 0xff, 0x62)))).toBeUndefined();
    expect(decodeText(encode(Uint8Array.of(0xef, 0xbf, 0xbd, 0xff)))).toBeUndefined();
  });

  test("reads texts of any length", () => {
    for (const length of [0, 16_383, 16_384, 16_385, 70_000]) {
      const text = "ä".repeat(length);
      expect(decodeText(encodeText(text))).toBe(text);
    }
  });

  test("refuses what is not canonical", () => {
    expect(decodeText("Zm8=")).toBeUndefined();
    expect(decodeText("Zh")).toBeUndefined();
  });
});

describe.each(codecs)("asciiView (%s)", (_, { asciiView }) => {
  test("gives the bytes of every ASCII text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary-ascii", maxLength: 3000 }), (text) => {
        expect(asciiView(text)).toEqual(new TextEncoder().encode(text));
      }),
      { numRuns: 200 },
    );
  });
});

describe.each(codecs)("base64urlView (%s)", (_, { encodeBase64url: encode, base64urlView }) => {
  test("gives every byte that was encoded, and leaves the bytes it gave before alone", () => {
    const many = fc.array(fc.uint8Array({ minLength: 1, maxLength: 3000 }), {
      minLength: 50,
      maxLength: 100,
    });
    fc.assert(
      fc.property(many, (pieces) => {
        expect(pieces.map(encode).map(base64urlView)).toEqual(pieces);
      }),
      { numRuns: 10 },
    );
  });

  test("gives pieces that are larger than what they are cut from", () => {
    const large = new Uint8Array(100_000).fill(7);
    expect(base64urlView(encode(large))).toEqual(large);
  });

  test("refuses what is not canonical", () => {
    for (const text of ["Zg==", "Zh", "-+-+", "Zm9\u0141", "Zm9vZ"])
      expect(base64urlView(text)).toBeUndefined();
  });
});

describe("the codec of this runtime", () => {
  test("is Node's", () => {
    expect(decodeBase64url("Zm9v")).toEqual(node.decodeBase64url("Zm9v"));
    expect(decodeTextFromBase64url("Zm9v")).toBe("foo");
  });
});
