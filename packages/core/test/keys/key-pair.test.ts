import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { PKCS8_PREFIX } from "../../src/keys/der.js";
import { KeyPair } from "../../src/keys/key-pair.js";
import { encodePem } from "../../src/keys/pem.js";
import { bytesOf, RFC_8037 } from "../support/vectors.js";

const message = bytesOf("6869");
/** The public key of RFC 8032 §7.1 TEST 2: another than RFC 8037's, and the same in every run, since tests are named by it. */
const OTHER_X = "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw";
const pkcs8Pem = (length: number): string => encodePem("PRIVATE KEY", PKCS8_PREFIX, new Uint8Array(length));

describe("KeyPair", () => {
  test("is new every time it is generated", () => {
    expect(KeyPair.generate().toPrivateJwk().d).not.toBe(KeyPair.generate().toPrivateJwk().d);
  });

  test("is named by its thumbprint unless it is given a key id", () => {
    const keyPair = KeyPair.generate();
    expect(keyPair.kid).toBe(keyPair.publicKey.thumbprint());
    expect(KeyPair.generate("key-1").kid).toBe("key-1");
    expect(KeyPair.fromJwk(RFC_8037.privateJwk).kid).toBe(RFC_8037.thumbprint);
    expect(KeyPair.fromJwk({ ...RFC_8037.privateJwk, kid: "key-2" }).kid).toBe("key-2");
    expect(KeyPair.fromPem(keyPair.toPem()).kid).toBe(keyPair.kid);
    expect(KeyPair.fromPem(keyPair.toPem(), "key-3").kid).toBe("key-3");
  });

  test("has a key id of 1 to 256 characters", () => {
    expect(KeyPair.generate("k".repeat(256)).kid).toHaveLength(256);
    expect(() => KeyPair.generate("k".repeat(257))).toThrow(/^kid /);
    expect(() => KeyPair.generate("")).toThrow(/^kid /);
    expect(() => KeyPair.generate(1 as unknown as string)).toThrow("got number");
  });

  test("comes back from its private JWK as it was", () => {
    const keyPair = KeyPair.generate("key-1");
    const copy = KeyPair.fromJwk(keyPair.toPrivateJwk());
    expect(copy.toPrivateJwk()).toEqual(keyPair.toPrivateJwk());
    expect(copy.sign(message)).toEqual(keyPair.sign(message));
  });

  test("comes back from its PEM as it was", () => {
    const keyPair = KeyPair.generate("key-1");
    expect(KeyPair.fromPem(keyPair.toPem(), "key-1").toPrivateJwk()).toEqual(keyPair.toPrivateJwk());
  });

  test("reads the PEM that OpenSSL writes, and writes PEM that OpenSSL reads", () => {
    const { privateKey } = generateKeyPairSync("ed25519");
    const pem = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
    const keyPair = KeyPair.fromPem(pem, "key-1");
    expect(keyPair.toPrivateJwk()).toEqual({ ...privateKey.export({ format: "jwk" }), kid: "key-1" });
    expect(keyPair.toPem()).toBe(pem);
    expect(createPrivateKey(keyPair.toPem()).export({ format: "jwk" })).toEqual(
      privateKey.export({ format: "jwk" }),
    );
    expect(KeyPair.fromPem(pem.replaceAll("\n", "\r\n")).toPem()).toBe(pem);
  });

  test.each([
    ["a public key", KeyPair.generate().publicKey.toPem()],
    [
      "another curve",
      generateKeyPairSync("x25519").privateKey.export({ type: "pkcs8", format: "pem" }) as string,
    ],
    [
      "an encrypted key",
      generateKeyPairSync("ed25519").privateKey.export({
        type: "pkcs8",
        format: "pem",
        cipher: "aes-256-cbc",
        passphrase: "passphrase",
      }) as string,
    ],
    ["two keys", KeyPair.generate().toPem() + KeyPair.generate().toPem()],
    ["text around the key", `key: ${KeyPair.generate().toPem()}`],
    ["no text", ""],
    ["a byte too few", pkcs8Pem(31)],
    ["a byte too many", pkcs8Pem(33)],
    ["nothing", undefined as unknown as string],
    ["no string, but a Buffer", Buffer.from(pkcs8Pem(32)) as unknown as string],
  ])("refuses a PEM with %s", (_, pem) => {
    expect(() => KeyPair.fromPem(pem, "key-1")).toThrow(
      new TypeError("pem must be an unencrypted Ed25519 private key in PKCS#8 PEM"),
    );
  });

  test.each([
    [{ d: undefined }, "jwk.d must be 32 bytes in base64url without padding"],
    [{ d: 1 }, "jwk.d must be 32 bytes in base64url without padding"],
    [{ d: `${RFC_8037.privateJwk.d}=` }, "jwk.d must be 32 bytes in base64url without padding"],
    [{ d: "A".repeat(42) }, "jwk.d must be 32 bytes in base64url without padding"],
    [{ d: "A".repeat(44) }, "jwk.d must be 32 bytes in base64url without padding"],
    [{ x: undefined }, "jwk.x must be base64url without padding"],
    [{ x: OTHER_X }, "jwk.x is not the public key of jwk.d"],
    [{ kid: 1 }, "jwk.kid must be a string, got number"],
    [{ kid: null }, "jwk.kid must be a string, got null"],
    [{ kty: "EC" }, 'jwk must have kty "OKP" and crv "Ed25519"'],
  ])("refuses a private JWK with %j, and names what is wrong", (changes, message) => {
    expect(() => KeyPair.fromJwk({ ...RFC_8037.privateJwk, ...changes })).toThrow(new TypeError(message));
  });

  test("publishes its public half only", () => {
    const keyPair = KeyPair.generate("key-1");
    expect(Object.keys(keyPair.toJwk()).sort()).toEqual(["crv", "kid", "kty", "x"]);
  });

  test("shows its private key in no inspection, JSON or string", () => {
    const keyPair = KeyPair.generate("key-1");
    const { d } = keyPair.toPrivateJwk();
    const bytes = Buffer.from(d, "base64url");
    const shown = [
      inspect(keyPair, { depth: null, showHidden: true, showProxy: true }),
      JSON.stringify(keyPair),
      String(keyPair),
      `${Object.entries(keyPair).map(String)}`,
      inspect({ ...keyPair }, { depth: null, showHidden: true }),
    ].join("\n");
    expect(shown).toContain("key-1");
    for (const secret of [
      d,
      bytes.toString("hex"),
      bytes.toString("base64"),
      [...bytes].join(","),
      [...bytes].join(", "),
    ]) {
      expect(shown).not.toContain(secret);
    }
  });

  test("shows no part of a private key in the error about it", () => {
    const { d } = RFC_8037.privateJwk;
    for (const jwk of [
      { ...RFC_8037.privateJwk, d: `${d}!` },
      { ...RFC_8037.privateJwk, crv: d },
    ]) {
      expect(() => KeyPair.fromJwk(jwk)).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining(d) }),
      );
    }
  });
});
