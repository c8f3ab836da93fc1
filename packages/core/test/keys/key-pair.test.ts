import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { encodePkcs8 } from "../../src/keys/key-info.js";
import { KeyPair } from "../../src/keys/key-pair.js";
import { encodePem } from "../../src/keys/pem.js";
import { bytesOf, RFC_8037 } from "../support/vectors.js";

const message = bytesOf("6869");
/** The public key of RFC 8032 §7.1 TEST 2: another than RFC 8037's, and the same in every run, since tests are named by it. */
const OTHER_X = "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw";
const pkcs8Pem = (length: number): string => encodePem("PRIVATE KEY", encodePkcs8(new Uint8Array(length)));

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

  test("reads the one private key in PEM text, whatever stands around it", () => {
    const keyPair = KeyPair.generate();
    const pem = keyPair.toPem();
    const attributes = "Bag Attributes\n    localKeyID: 01 02\nKey Attributes: <No Attributes>\n";
    const indented = pem.replaceAll("\n", "\n    ");
    for (const text of [
      attributes + pem,
      pem + keyPair.publicKey.toPem(),
      `\ufeff${indented}`,
      `key: ${pem}`,
    ]) {
      expect(KeyPair.fromPem(text).toPem()).toBe(pem);
    }
  });

  describe("of a PKCS#8 key of version 2 (RFC 5958 §2)", () => {
    const [seed, publicKey] = [RFC_8037.privateJwk.d, RFC_8037.privateJwk.x].map((text) => [
      ...Buffer.from(text, "base64url"),
    ]) as [number[], number[]];
    const algorithm = [0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70];
    const attributes = [0xa0, 0x08, 0x30, 0x06, 0x06, 0x01, 0x2a, 0x31, 0x01, 0x00];
    const bits = [0x00, ...publicKey];
    const v2 = (...members: readonly (readonly number[])[]) => {
      const content = [0x02, 0x01, 0x01, ...algorithm, 0x04, 0x22, 0x04, 0x20, ...seed, ...members.flat()];
      const length = content.length < 0x80 ? [content.length] : [0x81, content.length];
      return encodePem("PRIVATE KEY", Uint8Array.of(0x30, ...length, ...content));
    };

    test.each([
      ["no more than version 1 has", []],
      ["its public key", [[0x81, 0x21, ...bits]]],
      ["its public key, wrapped as old encoders do", [[0xa1, 0x23, 0x03, 0x21, ...bits]]],
      ["attributes", [attributes]],
      ["attributes of more than 127 bytes", [[0xa0, 0x81, 0x80, ...Array<number>(0x80).fill(0)]]],
      ["attributes and its public key", [attributes, [0x81, 0x21, ...bits]]],
    ])("takes %s", (_, members) => {
      expect(KeyPair.fromPem(v2(...members), "k").toPrivateJwk()).toEqual({
        ...RFC_8037.privateJwk,
        kid: "k",
      });
    });

    test("takes what RFC 8410 §10.3 shows", () => {
      const pem = `-----BEGIN PRIVATE KEY-----
MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB
Z9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PRIVATE KEY-----`;
      expect(Buffer.from(KeyPair.fromPem(pem).publicKey.toBytes()).toString("hex")).toBe(
        "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1",
      );
    });

    test("refuses the public key of another private key", () => {
      const other = [...Buffer.from(OTHER_X, "base64url")];
      expect(() => KeyPair.fromPem(v2([0x81, 0x21, 0x00, ...other]))).toThrow(
        new TypeError("pem holds a public key that is not the private key's own"),
      );
    });

    test.each([
      ["an unknown member", [[0x82, 0x01, 0x00]]],
      [
        "two public keys",
        [
          [0x81, 0x21, ...bits],
          [0x81, 0x21, ...bits],
        ],
      ],
      ["attributes behind the public key", [[0x81, 0x21, ...bits], attributes]],
      ["a public key that is too short", [[0x81, 0x20, ...bits.slice(1)]]],
      ["a member that is cut short", [[0x81, 0x21, 0x00]]],
    ])("refuses %s", (_, members) => {
      expect(() => KeyPair.fromPem(v2(...members))).toThrow(/got a block without an Ed25519 key$/);
    });
  });

  test.each([
    ["a public key", KeyPair.generate().publicKey.toPem(), "a public key"],
    [
      "another curve",
      generateKeyPairSync("x25519").privateKey.export({ type: "pkcs8", format: "pem" }) as string,
      "a block without an Ed25519 key",
    ],
    [
      "an RSA key",
      generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey.export({
        type: "pkcs8",
        format: "pem",
      }) as string,
      "a block without an Ed25519 key",
    ],
    [
      "an RSA key in PKCS#1",
      "-----BEGIN RSA PRIVATE KEY-----\nMAA=\n-----END RSA PRIVATE KEY-----\n",
      "an RSA key",
    ],
    [
      "an encrypted key",
      generateKeyPairSync("ed25519").privateKey.export({
        type: "pkcs8",
        format: "pem",
        cipher: "aes-256-cbc",
        passphrase: "passphrase",
      }) as string,
      "an encrypted private key: decrypt it, with openssl pkey for example",
    ],
    [
      "a key in OpenSSH's format",
      "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE=\n-----END OPENSSH PRIVATE KEY-----\n",
      "a key in OpenSSH's own format: make one with openssl genpkey -algorithm ed25519 instead",
    ],
    [
      "a certificate",
      "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
      "a certificate: take its key out, with openssl x509 -pubkey for example",
    ],
    [
      "a label nobody knows",
      "-----BEGIN SECRET-----\nMAA=\n-----END SECRET-----\n",
      "a block of another kind",
    ],
    [
      "escaped line ends",
      KeyPair.generate().toPem().replaceAll("\n", "\\n"),
      "text with \\n in two characters where its lines should end: unescape it",
    ],
    ["two keys", KeyPair.generate().toPem() + KeyPair.generate().toPem(), "several of them"],
    ["half a key", KeyPair.generate().toPem().slice(0, 60), "text without a complete PEM block"],
    ["no text", "", "an empty string"],
    ["a byte too few", pkcs8Pem(31), "a block without an Ed25519 key"],
    ["a byte too many", pkcs8Pem(33), "a block without an Ed25519 key"],
    ["nothing", undefined as unknown as string, "undefined"],
    [
      "no string, but a Buffer",
      Buffer.from(pkcs8Pem(32)) as unknown as string,
      "a Uint8Array: decode it to text first",
    ],
  ])("refuses a PEM with %s, and says so", (_, pem, found) => {
    expect(() => KeyPair.fromPem(pem, "key-1")).toThrow(
      new TypeError(`pem must be an unencrypted Ed25519 private key in PKCS#8 PEM, got ${found}`),
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
