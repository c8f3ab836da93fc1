import { KeyPair } from "@attest/core";
import { describe, expect, test } from "vitest";
import { readKeySet } from "../../src/fetching/key-set.js";

const good = KeyPair.generate("good").toJwk();
const other = KeyPair.generate("other").toJwk();

describe("readKeySet", () => {
  test.each([
    ["nothing more", {}],
    ["use sig", { use: "sig" }],
    ["alg EdDSA", { alg: "EdDSA" }],
    ["alg Ed25519", { alg: "Ed25519" }],
    ["key_ops verify", { key_ops: ["verify"] }],
    ["null where it means nothing", { use: null, alg: null, key_ops: null, d: null }],
    ["key_ops with verify among others", { key_ops: ["sign", "verify"] }],
    ["members it does not know", { x5t: "abc", constructor: 1 }],
  ])("uses a key that says %s", async (_, members) => {
    const { keys, jwks, skipped } = await readKeySet({ keys: [{ ...good, ...members }] });
    expect(keys.get("good")?.toJwk("good")).toEqual(good);
    expect(jwks).toEqual({ keys: [good] });
    expect(skipped).toEqual([]);
  });

  test.each([
    ["null", null, "not an Ed25519 key"],
    ["text", "key", "not an Ed25519 key"],
    ["a list", [], "not an Ed25519 key"],
    ["an empty object", {}, "not an Ed25519 key"],
    ["an RSA key", { kty: "RSA", kid: "other", n: "AQAB", e: "AQAB" }, "not an Ed25519 key"],
    ["an X25519 key", { ...other, crv: "X25519" }, "not an Ed25519 key"],
    ["a key without kid", { ...other, kid: undefined }, "kid is not"],
    ["a key with an empty kid", { ...other, kid: "" }, "kid is not"],
    ["a key whose kid is a number", { ...other, kid: 7 }, "kid is not"],
    ["a key for encryption", { ...other, use: "enc" }, "use is not"],
    ["a key for another algorithm", { ...other, alg: "ES256" }, "alg is neither"],
    ["a key for signing only", { ...other, key_ops: ["sign"] }, "key_ops does not"],
    ["a key whose key_ops is no list", { ...other, key_ops: "verify" }, "key_ops does not"],
    ["a key without kty", { ...other, kty: null }, "not an Ed25519 key"],
    ["a key without x", { ...other, x: undefined }, "x is not a string"],
    ["a key with padding in x", { ...other, x: `${other.x}=` }, "x is padded; base64url has no padding here"],
    ["a key with x in base64", { ...other, x: `+/${other.x.slice(2)}` }, "x is base64; it must be base64url"],
    ["a key with x in hex", { ...other, x: "0a".repeat(32) }, "x is not 32 bytes in base64url"],
    ["a key with a line break in x", { ...other, x: `${other.x}\n` }, "x is not base64url"],
    ["a key with bits left over in x", { ...other, x: `${"A".repeat(42)}B` }, "x is not canonical base64url"],
    [
      "a key of small order",
      { ...other, x: "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
      "x is not a public key that can be trusted",
    ],
    ["a private key", KeyPair.generate("other").toPrivateJwk(), "private half"],
  ])("skips %s and keeps the good key beside it", async (_, bad, reason) => {
    const { keys, jwks, skipped } = await readKeySet({ keys: [bad, good] });
    expect([...keys.keys()]).toEqual(["good"]);
    expect(jwks).toEqual({ keys: [good] });
    expect(skipped).toEqual([expect.stringContaining(reason)]);
  });

  test("uses neither of two keys with one kid, and the third", async () => {
    const twin = { ...KeyPair.generate().toJwk(), kid: "good" };
    const { keys, skipped } = await readKeySet({ keys: [good, other, twin] });
    expect([...keys.keys()]).toEqual(["other"]);
    expect(skipped).toEqual([
      'keys[0] "good": another usable key has the same kid',
      'keys[2] "good": another usable key has the same kid',
    ]);
  });

  test.each<[string, readonly object[]]>([
    ["for X25519", [{ ...other, kid: "good", crv: "X25519" }]],
    ["for RSA", [{ kty: "RSA", kid: "good", n: "AQAB", e: "AQAB" }]],
    ["for encryption", [{ ...other, kid: "good", use: "enc" }]],
    ["with a point that cannot be trusted", [{ ...good, x: "A".repeat(43) }]],
    [
      "of each of these kinds",
      [{ ...other, kid: "good", crv: "X25519" }, { kid: "good" }, { ...other, kid: "good", use: "enc" }],
    ],
  ])("uses the one usable key of a kid that also names a key %s", async (_, others) => {
    for (const keys of [
      [good, ...others],
      [...others, good],
    ]) {
      const read = await readKeySet({ keys });
      expect(read.keys.get("good")?.toJwk("good")).toEqual(good);
      expect(read.jwks).toEqual({ keys: [good] });
      expect(read.skipped).toHaveLength(others.length);
      for (const reason of read.skipped) expect(reason).not.toContain("same kid");
    }
  });

  test.each<[string, readonly object[]]>([
    ["as it is", [good, good]],
    [
      "under either name of its algorithm",
      [
        { ...good, alg: "EdDSA" },
        { ...good, alg: "Ed25519" },
      ],
    ],
    ["with a use and without", [good, { ...good, use: "sig", key_ops: ["verify"] }, good]],
  ])("takes a key that is there twice, %s, for one key", async (_, keys) => {
    const read = await readKeySet({ keys });
    expect(read.keys.get("good")?.toJwk("good")).toEqual(good);
    expect(read.jwks).toEqual({ keys: [good] });
    expect(read.skipped).toEqual([]);
  });

  test("uses a key under each of its kids", async () => {
    const { keys } = await readKeySet({ keys: [good, { ...good, kid: "also" }] });
    expect([...keys.keys()]).toEqual(["good", "also"]);
  });

  test("does not use a key whose private half stands in another entry", async () => {
    const secret = KeyPair.generate("secret").toPrivateJwk();
    const { d: _, ...half } = secret;
    for (const keys of [
      [half, secret],
      [{ ...secret, kid: "renamed" }, half],
    ]) {
      const read = await readKeySet({ keys: [...keys, good] });
      expect([...read.keys.keys()]).toEqual(["good"]);
      expect(read.skipped).toHaveLength(2);
    }
  });

  test("checks a point once, and a new one under the same kid again", async () => {
    const before = await readKeySet({ keys: [good, other] });
    const changed = { ...other, x: KeyPair.generate().toJwk().x };
    const after = await readKeySet({ keys: [{ ...good, kid: "renamed" }, changed] }, before);
    expect(after.keys.get("renamed")).toBe(before.keys.get("good"));
    expect(after.keys.get("other")?.toJwk("other")).toEqual(changed);
  });

  test("holds a key it knows to all other rules", async () => {
    const before = await readKeySet({ keys: [good] });
    expect((await readKeySet({ keys: [{ ...good, use: "enc" }] }, before)).keys.size).toBe(0);
    expect((await readKeySet({ keys: [{ ...good, d: "x" }] }, before)).keys.size).toBe(0);
  });

  test("lets a kid named __proto__ be a name like any other", async () => {
    const { keys } = await readKeySet({ keys: [{ ...good, kid: "__proto__" }] });
    expect([...keys.keys()]).toEqual(["__proto__"]);
  });

  test("lets others have their turn while it checks a hundred new keys", async () => {
    const keys = Array.from({ length: 100 }, (_, index) => KeyPair.generate(`key-${index}`).toJwk());
    let turns = 0;
    const counting = setInterval(() => {
      turns += 1;
    }, 1);
    const { keys: usable } = await readKeySet({ keys });
    clearInterval(counting);
    expect(usable.size).toBe(100);
    expect(turns).toBeGreaterThan(3);
  });

  test("reads 100 keys and refuses 101", async () => {
    const junk = (length: number) => ({ keys: Array.from({ length }, () => ({})) });
    expect((await readKeySet(junk(100))).skipped).toHaveLength(100);
    await expect(readKeySet(junk(101))).rejects.toThrow("at most 100");
  });
});
