import { describe, expect, test } from "vitest";
import { isSpiffeId, trustDomainOf } from "../../src/identity/spiffe-id.js";

describe("trustDomainOf", () => {
  test.each([
    ["spiffe://example.com", "example.com"],
    ["spiffe://example.com/model/m-1", "example.com"],
    ["spiffe://a_b-c.1/Model/M.1_x-y", "a_b-c.1"],
    ["spiffe://example.com/...", "example.com"],
    ["spiffe://example.com/.hidden/a..b", "example.com"],
  ])("reads the one of %s", (id, trustDomain) => {
    expect(trustDomainOf(id)).toBe(trustDomain);
  });

  test("reads a trust domain of 255 characters, and none of 256", () => {
    expect(trustDomainOf(`spiffe://${"a".repeat(255)}/x`)).toBe("a".repeat(255));
    expect(trustDomainOf(`spiffe://${"a".repeat(256)}/x`)).toBeUndefined();
  });

  test("reads a SPIFFE ID of 2048 bytes, and none of 2049", () => {
    const start = "spiffe://example.com/";
    expect(trustDomainOf(start + "a".repeat(2048 - start.length))).toBe("example.com");
    expect(trustDomainOf(start + "a".repeat(2049 - start.length))).toBeUndefined();
  });

  test.each([
    ["nothing", ""],
    ["no trust domain", "spiffe:///model/m"],
    ["another scheme", "https://example.com/model/m"],
    ["an upper-case scheme", "SPIFFE://example.com/m"],
    ["an upper-case trust domain", "spiffe://Example.com/m"],
    ["a port", "spiffe://example.com:443/m"],
    ["user info", "spiffe://user@example.com/m"],
    ["a query", "spiffe://example.com/m?x"],
    ["a fragment", "spiffe://example.com/m#x"],
    ["a trailing slash", "spiffe://example.com/m/"],
    ["only a slash", "spiffe://example.com/"],
    ["an empty segment", "spiffe://example.com//m"],
    ["a . segment", "spiffe://example.com/./m"],
    ["a .. segment", "spiffe://example.com/m/.."],
    ["an escape", "spiffe://example.com/%6d"],
    ["a space", "spiffe://example.com/m m"],
    ["a line break at the end", "spiffe://example.com/m\n"],
    ["a look-alike letter", "spiffe://ex\u0430mple.com/m"],
    ["a bracket", "spiffe://[::1]/m"],
  ])("reads none from an id with %s", (_, id) => {
    expect(trustDomainOf(id)).toBeUndefined();
  });
});

describe("isSpiffeId", () => {
  test("tells SPIFFE IDs from other strings and from what is no string", () => {
    expect(isSpiffeId("spiffe://example.com/m")).toBe(true);
    for (const value of ["example.com", null, undefined, 1, ["spiffe://example.com/m"]]) {
      expect(isSpiffeId(value)).toBe(false);
    }
  });
});
