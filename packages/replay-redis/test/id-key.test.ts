import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { idKey, isIdKey, keyPattern } from "../src/id-key.js";

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

  test("is 132 bits of the id's SHA-256 in base64url", () => {
    // FIPS 180-2 §B.1: ba7816bf 8f01cfea 414140de 5dae2223 b0…
    expect(idKey("p:", "abc")).toBe(
      `p:${Buffer.from("ba7816bf8f01cfea414140de5dae2223b0", "hex").toString("base64url").slice(0, 22)}`,
    );
  });
});

describe("isIdKey", () => {
  test("knows its own keys from those of others under a longer or another prefix", () => {
    expect(isIdKey("p:", idKey("p:", "id"))).toBe(true);
    expect(isIdKey("p:", idKey("p:q:", "id"))).toBe(false);
    expect(isIdKey("p:", idKey("q:", "id"))).toBe(false);
  });
});

describe("keyPattern", () => {
  test("escapes what a pattern would take for more than itself", () => {
    expect(keyPattern("a*b?c[d]e\\")).toBe("a\\*b\\?c\\[d\\]e\\\\*");
    expect(keyPattern("mcp_attestation:jti:")).toBe("mcp_attestation:jti:*");
  });
});
