import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sha256Base64url as byNode } from "../../src/encoding/sha256.node.js";
import { sha256Base64url as portable } from "../../src/encoding/sha256.portable.js";

describe.each([
  ["of Node", byNode],
  ["for every runtime", portable],
])("sha256Base64url %s", (_, sha256Base64url) => {
  test.each([
    ["", "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"],
    ["abc", "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"],
    [
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "JI1qYdIGOLjlwCaTDD5gOaM85Flk_yFn9uzt1BnbBsE",
    ],
  ])("gives what FIPS 180 says of %j", (text, digest) => {
    expect(sha256Base64url(text)).toBe(digest);
  });

  test("takes the UTF-8 bytes of any text, at every length around a block's", () => {
    for (const length of [1, 54, 55, 56, 63, 64, 65, 119, 120, 1_000_000]) {
      for (const unit of ["x", "é", "€", "😀"]) {
        const text = unit.repeat(length);
        expect(sha256Base64url(text)).toBe(createHash("sha256").update(text, "utf8").digest("base64url"));
      }
    }
  });
});

describe("sha256Base64url", () => {
  test("is one in every runtime, for lone surrogates too", () => {
    const anyText = fc.uint16Array({ maxLength: 200 }).map((units) => String.fromCharCode(...units));
    fc.assert(
      fc.property(anyText, (text) => {
        expect(portable(text)).toBe(byNode(text));
      }),
      { numRuns: 1_000 },
    );
  });
});
