import { describe, expect, test } from "vitest";
import type { Ed25519PublicKey } from "../../src/keys/ed25519-public-key.js";
import { InMemoryKeyResolver } from "../../src/keys/in-memory-key-resolver.js";
import { KeyPair } from "../../src/keys/key-pair.js";

const keyPair = KeyPair.generate("key-1");

describe("InMemoryKeyResolver", () => {
  test("finds a key under its issuer and key id, and nowhere else", async () => {
    const resolver = new InMemoryKeyResolver();
    resolver.addKey("https://a.example", "key-1", keyPair.publicKey);
    expect(await resolver.getKey("https://a.example", "key-1")).toBe(keyPair.publicKey);
    expect(await resolver.getKey("https://a.example", "key-2")).toBeUndefined();
    expect(await resolver.getKey("https://b.example", "key-1")).toBeUndefined();
    expect(await resolver.getKey("https://a.example/", "key-1")).toBeUndefined();
  });

  test("takes a key pair under its own key id", async () => {
    const resolver = new InMemoryKeyResolver();
    resolver.addKeyPair("https://a.example", keyPair);
    expect(await resolver.getKey("https://a.example", "key-1")).toBe(keyPair.publicKey);
  });

  test("keeps several keys of one issuer", async () => {
    const resolver = new InMemoryKeyResolver();
    const next = KeyPair.generate("key-2");
    resolver.addKeyPair("https://a.example", keyPair);
    resolver.addKeyPair("https://a.example", next);
    expect(await resolver.getKey("https://a.example", "key-1")).toBe(keyPair.publicKey);
    expect(await resolver.getKey("https://a.example", "key-2")).toBe(next.publicKey);
  });

  test("puts a later key under one key id in the place of the earlier", async () => {
    const resolver = new InMemoryKeyResolver();
    const next = KeyPair.generate("key-1");
    resolver.addKeyPair("https://a.example", keyPair);
    resolver.addKeyPair("https://a.example", next);
    expect(await resolver.getKey("https://a.example", "key-1")).toBe(next.publicKey);
  });

  test("forgets a removed key, and says whether there was one", async () => {
    const resolver = new InMemoryKeyResolver();
    resolver.addKeyPair("https://a.example", keyPair);
    expect(resolver.removeKey("https://a.example", "key-2")).toBe(false);
    expect(resolver.removeKey("https://b.example", "key-1")).toBe(false);
    expect(resolver.removeKey("https://a.example", "key-1")).toBe(true);
    expect(resolver.removeKey("https://a.example", "key-1")).toBe(false);
    expect(await resolver.getKey("https://a.example", "key-1")).toBeUndefined();
  });

  test("finds nothing under the names of an object's own members", async () => {
    const resolver = new InMemoryKeyResolver();
    resolver.addKeyPair("https://a.example", keyPair);
    for (const name of ["__proto__", "constructor", "toString", ""]) {
      expect(await resolver.getKey("https://a.example", name)).toBeUndefined();
      expect(await resolver.getKey(name, "key-1")).toBeUndefined();
    }
  });

  test("refuses what is not a public key", () => {
    const resolver = new InMemoryKeyResolver();
    for (const value of [keyPair, keyPair.toJwk(), null, undefined]) {
      expect(() =>
        resolver.addKey("https://a.example", "key-1", value as unknown as Ed25519PublicKey),
      ).toThrow(/^publicKey /);
    }
  });
});
