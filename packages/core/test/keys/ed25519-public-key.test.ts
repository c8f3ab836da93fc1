import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { Ed25519PublicKey } from "../../src/keys/ed25519-public-key.js";
import { encodeSpki } from "../../src/keys/key-info.js";
import { KeyPair } from "../../src/keys/key-pair.js";
import { encodePem } from "../../src/keys/pem.js";
import { SMALL_ORDER_POINTS } from "../support/curve.js";
import { bytesOf, RFC_8037 } from "../support/vectors.js";

const { d: _private, ...jwk } = RFC_8037.privateJwk;
const message = bytesOf("6869");
const key = Ed25519PublicKey.fromJwk(jwk);
const pem = key.toPem();

const spkiPem = (length: number): string =>
  encodePem("PUBLIC KEY", encodeSpki(Uint8Array.from([...key.toBytes(), 0].slice(0, length))));
const notAKey =
  "an Ed25519 public key is 32 bytes that encode, canonically, a point of the prime-order group (RFC 8032 §5.1)";

describe("Ed25519PublicKey", () => {
  test("comes back from its JWK, its PEM and its bytes as it was", () => {
    const key = Ed25519PublicKey.fromJwk(jwk);
    expect(key.toJwk()).toEqual(jwk);
    expect(Ed25519PublicKey.fromPem(key.toPem()).toJwk()).toEqual(jwk);
    expect(Ed25519PublicKey.fromBytes(key.toBytes()).toJwk()).toEqual(jwk);
  });

  test("has the thumbprint of RFC 8037 A.3", () => {
    expect(Ed25519PublicKey.fromJwk(jwk).thumbprint()).toBe(RFC_8037.thumbprint);
  });

  test("puts the key id into its JWK when given one", () => {
    expect(Ed25519PublicKey.fromJwk(jwk).toJwk("key-1")).toEqual({ ...jwk, kid: "key-1" });
    expect(Ed25519PublicKey.fromJwk(jwk).toJwk()).not.toHaveProperty("kid");
  });

  test("ignores members of a JWK that say nothing about the key itself", () => {
    expect(Ed25519PublicKey.fromJwk({ ...jwk, use: "sig", alg: "EdDSA" } as typeof jwk).toJwk()).toEqual(jwk);
  });

  test.each([
    ["null", null, "jwk must be an object, got null"],
    ["a string", "jwk", "jwk must be an object, got string"],
    ["another kty", { ...jwk, kty: "EC" }, 'jwk must have kty "OKP" and crv "Ed25519"'],
    ["another crv", { ...jwk, crv: "X25519" }, 'jwk must have kty "OKP" and crv "Ed25519"'],
    ["no x", { kty: "OKP", crv: "Ed25519" }, "jwk.x must be base64url without padding"],
    ["x as a number", { ...jwk, x: 1 }, "jwk.x must be base64url without padding"],
    ["padded x", { ...jwk, x: `${jwk.x}=` }, "jwk.x must be base64url without padding"],
    ["31 bytes of x", { ...jwk, x: "A".repeat(42) }, notAKey],
    ["33 bytes of x", { ...jwk, x: "A".repeat(44) }, notAKey],
    ["a small-order x", { ...jwk, x: "A".repeat(43) }, notAKey],
  ])("refuses %s as a JWK, and says why", (_, value, message) => {
    expect(() => Ed25519PublicKey.fromJwk(value as typeof jwk)).toThrow(new TypeError(message));
  });

  test("refuses a key that anybody can sign for", () => {
    for (const point of SMALL_ORDER_POINTS) {
      expect(() => Ed25519PublicKey.fromBytes(point.toBytes())).toThrow(TypeError);
    }
  });

  test("refuses bytes that are not a Uint8Array", () => {
    for (const [value, kind] of [
      [[...key.toBytes()], "an array"],
      [jwk.x, "string"],
      [new Uint16Array(16), "a Uint16Array"],
      [new DataView(new ArrayBuffer(32)), "a DataView"],
      [undefined, "undefined"],
    ] as const) {
      expect(() => Ed25519PublicKey.fromBytes(value as unknown as Uint8Array)).toThrow(
        new TypeError(`bytes must be a Uint8Array, got ${kind}`),
      );
    }
  });

  test("takes the bytes of another realm, and what Web Crypto exports", async () => {
    const foreign = runInNewContext("new Uint8Array(bytes)", { bytes: [...key.toBytes()] }) as Uint8Array;
    expect(foreign).not.toBeInstanceOf(Uint8Array);
    expect(Ed25519PublicKey.fromBytes(foreign).toJwk()).toEqual(jwk);
    const imported = await crypto.subtle.importKey("jwk", jwk, "Ed25519", true, ["verify"]);
    const exported = await crypto.subtle.exportKey("raw", imported);
    expect(exported).toBeInstanceOf(ArrayBuffer);
    expect(Ed25519PublicKey.fromBytes(exported).toJwk()).toEqual(jwk);
  });

  test("reads the PEM that OpenSSL writes, and writes PEM that OpenSSL reads", () => {
    const { publicKey } = generateKeyPairSync("ed25519");
    const pem = publicKey.export({ type: "spki", format: "pem" }) as string;
    const key = Ed25519PublicKey.fromPem(pem);
    expect(key.toJwk()).toEqual(publicKey.export({ format: "jwk" }));
    expect(key.toPem()).toBe(pem);
    expect(createPublicKey(key.toPem()).equals(publicKey)).toBe(true);
  });

  test("reads the one public key in PEM text, whatever stands around it", () => {
    const certificate = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    for (const text of [`subject: CN=a\n${pem}`, `${certificate}${pem}`, KeyPair.generate().toPem() + pem]) {
      expect(Ed25519PublicKey.fromPem(text).toJwk()).toEqual(jwk);
    }
  });

  test.each([
    ["a private key", KeyPair.generate().toPem(), "a private key"],
    [
      "another curve",
      generateKeyPairSync("x25519").publicKey.export({ type: "spki", format: "pem" }) as string,
      "a block without an Ed25519 key",
    ],
    ["a byte too few", spkiPem(31), "a block without an Ed25519 key"],
    ["a byte too many", spkiPem(33), "a block without an Ed25519 key"],
    ["more padding than its length asks for", pem.replace("=", "=="), "a block that is not base64"],
    ["padding in its middle", pem.replace("=", "").replace("MCow", "MC=ow"), "a block that is not base64"],
    ["the other alphabet", pem.replace("MCow", "MC_w"), "a block that is not base64"],
    ["two keys", pem + KeyPair.generate().publicKey.toPem(), "several of them"],
    [
      "a certificate",
      "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
      "a certificate: take its key out, with openssl x509 -pubkey for example",
    ],
    [
      "no string, but a Buffer",
      Buffer.from(pem) as unknown as string,
      "a Uint8Array: decode it to text first",
    ],
    ["nothing", undefined as unknown as string, "undefined"],
  ])("refuses a PEM with %s, and says so", (_, value, found) => {
    expect(() => Ed25519PublicKey.fromPem(value)).toThrow(
      new TypeError(`pem must be an Ed25519 public key in SubjectPublicKeyInfo PEM, got ${found}`),
    );
  });

  test("keeps its bytes to itself", () => {
    const bytes = KeyPair.generate().publicKey.toBytes();
    const key = Ed25519PublicKey.fromBytes(bytes);
    const before = key.toJwk();
    bytes.fill(0);
    key.toBytes().fill(0);
    expect(key.toJwk()).toEqual(before);
  });

  test("verifies its own signature over the message, and nothing else", () => {
    const keyPair = KeyPair.generate();
    const signature = keyPair.sign(message);
    expect(keyPair.publicKey.verify(message, signature)).toBe(true);
    expect(keyPair.publicKey.verify(bytesOf("6868"), signature)).toBe(false);
    expect(keyPair.publicKey.verify(message, signature.subarray(0, 63))).toBe(false);
    expect(keyPair.publicKey.verify(message, Uint8Array.of(...signature, 0))).toBe(false);
    expect(KeyPair.generate().publicKey.verify(message, signature)).toBe(false);
  });

  test("is recognised by its brand, that of another copy of the package too", () => {
    expect(KeyPair.generate().publicKey instanceof Ed25519PublicKey).toBe(true);
    const ofAnotherCopy: unknown = { [Symbol.for("@attest/Ed25519PublicKey")]: true };
    expect(ofAnotherCopy instanceof Ed25519PublicKey).toBe(true);
    for (const value of [null, undefined, "key", {}, jwk] as unknown[]) {
      expect(value instanceof Ed25519PublicKey).toBe(false);
    }
  });
});
