import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { KeyPair } from "../../src/keys/key-pair.js";
import { type ForgedToken, forgeToken, TestIssuer } from "../../src/testing.js";
import { decodeToken } from "../../src/token/decode-token.js";

const keyPair = KeyPair.generate("key-1");

function segmentsOf(token: string): readonly Buffer[] {
  return token.split(".").map((segment) => Buffer.from(segment, "base64url"));
}

describe("forgeToken", () => {
  test("signs a payload under a header that names the signer's key", () => {
    const token = forgeToken(keyPair, { payload: { iss: "anybody", exp: undefined } });
    const [header, payload, signature = Buffer.of()] = segmentsOf(token);
    expect(String(header)).toBe('{"alg":"EdDSA","typ":"JWT","kid":"key-1"}');
    expect(String(payload)).toBe('{"iss":"anybody"}');
    const signingInput = Buffer.from(token.slice(0, token.lastIndexOf(".")));
    expect(keyPair.publicKey.verify(signingInput, signature)).toBe(true);
  });

  test("takes a header in place of that one, whole", () => {
    const [header] = segmentsOf(forgeToken(keyPair, { header: { alg: "none" }, payload: {} }));
    expect(String(header)).toBe('{"alg":"none"}');
  });

  test("encodes text and bytes as they are", () => {
    const bytes = Uint8Array.of(0xff, 0xfe, 0x00);
    const [header, payload] = segmentsOf(forgeToken(keyPair, { header: '{"alg" : 1}', payload: bytes }));
    expect(String(header)).toBe('{"alg" : 1}');
    expect(payload).toEqual(Buffer.from(bytes));
  });

  test("makes of a token's own claims one that verifies, and with one claim changed one that does not", async () => {
    const issuer = new TestIssuer();
    const verifier = issuer.createVerifier();
    const { raw } = decodeToken(await issuer.createToken()).claims;
    const forged = (claims: object) => forgeToken(issuer.keyPair, { payload: { ...raw, ...claims } });
    expect(await verifier.verify(forged({ exp: "never" }))).toMatchObject({ errorCode: 1008 });
    expect(await verifier.verify(forged({}))).toMatchObject({ verified: true });
  });

  test.each<[string, unknown, RegExp]>([
    ["no signer", undefined, /^signer must be a KeyPair or another Signer/],
    ["a signer that signs later", { kid: "k", alg: "EdDSA", sign: async () => Uint8Array.of() }, /at once/],
  ])("refuses %s", (_case, signer, message) => {
    expect(() => forgeToken(signer as KeyPair, { payload: {} })).toThrow(message);
  });

  test.each<[string, unknown, RegExp]>([
    ["no payload", {}, /^payload must be an object, text or bytes, got undefined/],
    ["a number for a header", { header: 1, payload: {} }, /^header must be an object, text or bytes, got/],
    ["a misspelt name", { headers: {}, payload: {} }, /unknown option "headers"; did you mean "header"/],
  ])("refuses %s", (_case, forged, message) => {
    expect(() => forgeToken(keyPair, forged as ForgedToken)).toThrow(message);
  });
});
