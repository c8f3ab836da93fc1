import { randomBytes, randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { idKey, isIdKey, keyPattern } from "../src/store/id-key.js";

describe("idKey", () => {
  test("gives every id a key of its own and of one size", () => {
    const ids = [
      "",
      "a",
      "A",
      "a\n",
      "é",
      "e\u0301",
      "x".repeat(5000),
      ...Array.from({ length: 5000 }, randomUUID),
    ];
    const keys = new Set(ids.map((id) => idKey("p:", id)));
    expect(keys.size).toBe(ids.length);
    for (const key of keys) expect(key).toMatch(/^p:[\w-]{22}$/);
  });

  test("is 96 bits of the id's SHA-256 and the CRC-32 of these 16 characters, in base64url", () => {
    // FIPS 180-2 §B.1: ba7816bf 8f01cfea 414140de …
    const digest = Buffer.from("ba7816bf8f01cfea414140de", "hex").toString("base64url");
    const checksum = Buffer.from(crc32Of(digest), "hex").toString("base64url");
    expect(idKey("p:", "abc")).toBe(`p:${digest}${checksum}`);
  });
});

describe("isIdKey", () => {
  test("knows its own keys from those of others under a longer or another prefix", () => {
    expect(isIdKey("p:", idKey("p:", "id"))).toBe(true);
    expect(isIdKey("p:", idKey("p:q:", "id"))).toBe(false);
    expect(isIdKey("p:", idKey("q:", "id"))).toBe(false);
  });

  test("refuses a key of the same length that differs from its own in one character", () => {
    const key = idKey("p:", "id");
    for (let index = 2; index < key.length; index++) {
      const other = key[index] === "A" ? "B" : "A";
      expect(isIdKey("p:", key.slice(0, index) + other + key.slice(index + 1))).toBe(false);
    }
  });

  test("refuses 100,000 random keys of the same length", () => {
    const random = Array.from(
      { length: 100_000 },
      () => `p:${randomBytes(17).toString("base64url").slice(0, 22)}`,
    );
    expect(random.filter((key) => isIdKey("p:", key))).toEqual([]);
  });
});

describe("keyPattern", () => {
  test("escapes what a pattern would take for more than itself, and fits keys of one length", () => {
    expect(keyPattern("a*b?c[d]e\\")).toBe(`a\\*b\\?c\\[d\\]e\\\\${"?".repeat(22)}`);
    expect(keyPattern("mcp_attestation:jti:")).toBe(`mcp_attestation:jti:${"?".repeat(22)}`);
  });
});

/** Computes CRC-32 bit by bit (ISO 3309), in hexadecimal. */
function crc32Of(text: string): string {
  let crc = 0xffff_ffff;
  for (const byte of Buffer.from(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0);
  }
  return ((crc ^ 0xffff_ffff) >>> 0).toString(16).padStart(8, "0");
}
