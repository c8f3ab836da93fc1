import { describe, expect, test } from "vitest";
import { KeyPair } from "../../src/keys/key-pair.js";
import { parseProof } from "../../src/proof/parse-proof.js";
import type { TokenSegment } from "../../src/testing.js";
import { NOW } from "../support/attested.js";
import { PROOF_HEADER, proofClaims } from "../support/bound.js";
import { refusing } from "../support/context.js";
import { forge } from "../support/forge.js";

const keyPair = KeyPair.generate("agent");
const CLAIMS = proofClaims("a.b.c");
const HASH = "A".repeat(43);

const parse = (claims: object = {}, header: TokenSegment = PROOF_HEADER) =>
  parseProof(forge(keyPair, header, { ...CLAIMS, ...claims }));

/** A proof of exactly `length` bytes. */
function proofOfLength(length: number): string {
  for (const header of [PROOF_HEADER, { ...PROOF_HEADER, x: 1 }, { ...PROOF_HEADER, x: 12 }]) {
    for (let count = 0; count < length; count++) {
      const proof = forge(keyPair, header, { ...CLAIMS, x: "x".repeat(count) });
      if (proof.length === length) return proof;
      if (proof.length > length) break;
    }
  }
  throw new Error(`there is no proof of ${length} bytes`);
}

describe("parseProof", () => {
  test("gives the algorithm and the claims, and what the signature is over", () => {
    const claims = { ...CLAIMS, htu: "https://a.example/mcp", nonce: "n", ath: HASH };
    const proof = forge(keyPair, PROOF_HEADER, claims);
    const { signingInput, signature, ...read } = parseProof(proof);
    expect(read).toEqual({ alg: "EdDSA", claims });
    expect(keyPair.publicKey.verify(signingInput, signature)).toBe(true);
  });

  test("passes over claims that it does not know", () => {
    expect(parse({ exp: 1, iss: "x", htm: "POST" }).claims).not.toHaveProperty("exp");
  });

  test.each<[string, object]>([
    ["EdDSA", {}],
    ["Ed25519", { alg: "Ed25519" }],
    ["typ in another case", { typ: "Attestation-POP+jwt" }],
    ["typ as a whole media type", { typ: "application/attestation-pop+jwt" }],
    ["a kid", { kid: "agent" }],
    ["a kid that no token may have", { kid: "" }],
    ["a member that it does not know", { x: 1 }],
  ])("accepts a header with %s", (_, header) => {
    expect(parse({}, { ...PROOF_HEADER, ...header }).claims).toMatchObject(CLAIMS);
  });

  test.each<[string, object]>([
    ...[
      "JWT",
      "attestation+jwt",
      "dpop+jwt",
      "attestation-pop",
      "application/application/attestation-pop+jwt",
      "",
      1,
      null,
    ].map((typ): [string, object] => [`typ ${typ}`, { typ }]),
    ["no typ", { typ: undefined }],
    ...["none", "HS256", "ES256", "eddsa", "", 1, null].map((alg): [string, object] => [
      `alg ${alg}`,
      { alg },
    ]),
    ["no alg", { alg: undefined }],
    ["crit", { crit: [] }],
    ["b64", { b64: true }],
    ["jwk", { jwk: keyPair.toJwk() }],
    ["jku", { jku: "https://evil.example" }],
    ["x5u", { x5u: "https://evil.example" }],
    ["x5c", { x5c: [] }],
    ["jwk null", { jwk: null }],
  ])("refuses a header with %s, 1012", (_, header) => {
    expect(() => parse({}, { ...PROOF_HEADER, ...header })).toThrow(refusing(1012));
  });

  test.each<[string, unknown[]]>([
    ["aud", ["x", ""]],
    ["iat", [0, -1, 1.5, NOW, Number.MAX_VALUE]],
    ["jti", ["x".repeat(16), "~".repeat(128), "!".repeat(16)]],
    ["wth", [HASH, "_".repeat(43)]],
    ["req", [HASH, "-".repeat(43)]],
    ["htu", [undefined, "", "no URL"]],
    ["nonce", [undefined, "n", "~".repeat(128)]],
    ["ath", [undefined, HASH]],
  ])("accepts every %s that is one", (claim, values) => {
    for (const value of values) {
      expect(parse({ [claim]: value }).claims[claim as "aud"]).toEqual(value);
    }
  });

  const noHash = [
    1,
    null,
    "",
    "A".repeat(42),
    "A".repeat(44),
    `${"A".repeat(42)}=`,
    `${"A".repeat(42)}+`,
    `${HASH}\n`,
  ];

  test.each<[string, unknown[]]>([
    ["aud", [undefined, null, 1, ["x"], {}]],
    ["iat", [undefined, null, `${NOW}`, [NOW], true]],
    [
      "jti",
      [
        undefined,
        null,
        1,
        "",
        "x".repeat(15),
        "x".repeat(129),
        `${"x".repeat(16)} `,
        `${"x".repeat(16)}\n`,
        "é".repeat(16),
        ["x".repeat(16)],
      ],
    ],
    ["wth", [undefined, ...noHash]],
    ["req", [undefined, ...noHash]],
    ["htu", [null, 1, [], {}]],
    ["nonce", [null, 1, "", "n".repeat(129), "n n", "n\n", "é"]],
    ["ath", noHash],
  ])("refuses every %s that is none, 1012, and says so", (claim, values) => {
    for (const value of values) {
      expect(() => parse({ [claim]: value })).toThrow(
        expect.objectContaining({
          code: 1012,
          check: "proof",
          detail: expect.stringMatching(`^the proof is malformed: ${claim} is not `),
        }),
      );
    }
  });

  test.each(["1e400", "-1e400", "NaN"])("refuses iat %s, 1012", (number) => {
    const text = JSON.stringify(CLAIMS).replace(`"iat":${NOW}`, `"iat":${number}`);
    expect(() => parseProof(forge(keyPair, PROOF_HEADER, text))).toThrow(refusing(1012));
  });

  test("reads 2048 bytes, and not 2049", () => {
    expect(parseProof(proofOfLength(2048)).claims).toMatchObject(CLAIMS);
    expect(() => parseProof(proofOfLength(2049))).toThrow(
      refusing(1012, "the proof is malformed: it is 2049 bytes long; at most 2048 are read"),
    );
  });

  test("does not read what is far longer, or no text", () => {
    for (const proof of ["x".repeat(1e6), 1, {}, [], true, Symbol("s")]) {
      expect(() => parseProof(proof)).toThrow(refusing(1012));
    }
  });

  test("refuses what is no compact JWS, 1012", () => {
    const [header, payload, signature = ""] = forge(keyPair, PROOF_HEADER, CLAIMS).split(".");
    for (const proof of [
      "",
      "..",
      `${header}.${payload}`,
      `${header}.${payload}.${signature}.`,
      `${header}.${payload}.${signature}=`,
      `${header}.${payload}=.${signature}`,
      ` ${header}.${payload}.${signature}`,
      `${header}.bm90IGpzb24.${signature}`,
      `${header}.W10.${signature}`,
      JSON.stringify({ protected: header, payload, signature }),
    ]) {
      expect(() => parseProof(proof)).toThrow(refusing(1012));
    }
  });

  test.each(["__proto__", "constructor"])("refuses a proof with a member named %s, 1012", (name) => {
    const text = `${JSON.stringify(CLAIMS).slice(0, -1)},"${name}":{"aud":"x"}}`;
    expect(() => parseProof(forge(keyPair, PROOF_HEADER, text))).toThrow(refusing(1012));
  });
});
