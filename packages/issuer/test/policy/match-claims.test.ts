import { describe, expect, test } from "vitest";
import { readClaimPattern } from "../../src/policy/claim-pattern.js";
import { matchesGlob } from "../../src/policy/glob.js";
import { mismatches } from "../../src/policy/match-claims.js";

/** How a token's claims differ from a rule's, one line each. */
function differences(rule: object, claims: object): readonly string[] {
  const pattern = new Map(Object.entries(rule).map(([name, value]) => [name, readClaimPattern(value, name)]));
  return mismatches(pattern, claims as Record<string, unknown>).map(
    ({ claim, problem }) => `${claim} ${problem}`,
  );
}

describe("claims match", () => {
  test.each([
    ["a scalar that is equal", { sub: "a", n: 1, b: true }, { sub: "a", n: 1, b: true, other: 1 }],
    [
      "a mapping whose members match",
      { k: { ns: "a", sa: { name: "b" } } },
      { k: { ns: "a", x: 1, sa: { name: "b" } } },
    ],
    ["a list that contains the entries", { groups: ["b", "a"] }, { groups: ["a", "x", "b"] }],
    ["a list that contains a mapping", { roles: [{ id: 1 }] }, { roles: [{ id: 2 }, { id: 1, name: "x" }] }],
    ["a glob", { ref: { glob: "refs/heads/release-*" } }, { ref: "refs/heads/release-1_2" }],
    ["a glob in a list", { groups: [{ glob: "agents-*" }] }, { groups: ["x", "agents-1"] }],
    [
      "claims whose names have dots",
      { "kubernetes.io": { namespace: "a" } },
      { "kubernetes.io": { namespace: "a" } },
    ],
  ])("%s", (_what, rule, claims) => {
    expect(differences(rule, claims)).toEqual([]);
  });

  test.each([
    ["a claim that is missing", { sub: "a" }, {}, "sub is missing"],
    ["another value", { sub: "a" }, { sub: "A" }, 'sub is "A", and not "a"'],
    [
      "a number for text",
      { id: "1" },
      { id: 1 },
      'id is 1, and not "1"; the types differ, and quotes make text',
    ],
    ["text for a number", { id: 1 }, { id: "1" }, 'id is "1", and not 1; the types differ'],
    [
      "a list for a scalar",
      { aud: "a" },
      { aud: ["a"] },
      'aud is an array, and not "a"; to ask for an entry',
    ],
    ["a scalar for a list", { groups: ["a"] }, { groups: "a" }, 'groups is "a", and not a list'],
    ["a list without an entry", { groups: ["a", "b"] }, { groups: ["a"] }, 'groups is a list without "b"'],
    ["text for a mapping", { k: { ns: "a" } }, { k: "a" }, 'k is "a", and not an object'],
    ["a list for a mapping", { k: { 0: "a" } }, { k: ["a"] }, "k is an array, and not an object"],
    ["null for a mapping", { k: { ns: "a" } }, { k: null }, "k is null, and not an object"],
    ["a mapping without a member", { k: { ns: "a" } }, { k: {} }, "k.ns is missing"],
    ["text that a glob does not match", { ref: { glob: "a/*" } }, { ref: "a/b/c" }, "does not match a/*"],
    ["a number for a glob", { ref: { glob: "1*" } }, { ref: 12 }, "ref is 12"],
    ["an object that cannot be told as text", { sub: "a" }, { sub: { toString: {} } }, "sub is object"],
    ["what every object inherits", { toString: "a" }, {}, "toString is missing"],
    ["what text inherits", { sub: { length: 1 } }, { sub: "a" }, "not an object"],
  ])("not %s", (_what, rule, claims, problem) => {
    expect(differences(rule, claims).join()).toContain(problem);
  });

  test("and every difference is told, the token's text escaped and cut", () => {
    const told = differences({ a: "1", b: "2" }, { a: "x\n\u202e", b: "y".repeat(300) });
    expect(told).toEqual(['a is "x\\u000a\\u202e", and not "1"', `b is "${"y".repeat(256)}…", and not "2"`]);
  });
});

describe("matchesGlob", () => {
  test.each([
    ["*", "a-Z_9"],
    ["https://*.tools.example", "https://a.tools.example"],
    ["a*b*c", "a1b2c"],
    ["a*b*c", "abbbbc"],
    ["*a", "aa"],
    ["*.*", "a.b"],
  ])("takes for %s: %s", (glob, text) => {
    expect(matchesGlob(glob, text)).toBe(true);
  });

  test.each([
    ["*", ""],
    ["*", "a.b"],
    ["*", "a b"],
    ["*", "é"],
    ["https://*.tools.example", "https://.tools.example"],
    ["https://*.tools.example", "https://a.b.tools.example"],
    ["https://*.tools.example", "https://evil.example/.tools.example"],
    ["https://*.tools.example", "https://a.tools.example/"],
    ["https://*.tools.example", "https://a.tools.example\n"],
    ["https://*.tools.example", "https://aXtoolsXexample"],
    ["a*", "a"],
    ["a*b", "ab"],
    ["exact", "exactly"],
    ["[a-z]*", "ab"],
    ["*", "a".repeat(2049)],
  ])("refuses for %s: %s", (glob, text) => {
    expect(matchesGlob(glob, text)).toBe(false);
  });

  test("takes no longer for a glob and a text made to be slow", () => {
    const startedAt = performance.now();
    expect(matchesGlob(`${"*a".repeat(200)}!`, "a".repeat(2048))).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});
