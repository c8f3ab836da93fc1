import {
  type CryptoKey,
  calculateJwkThumbprint,
  createLocalJWKSet,
  exportJWK,
  exportPKCS8,
  exportSPKI,
  generateKeyPair,
  importJWK,
  importPKCS8,
  importSPKI,
  jwtVerify,
  SignJWT,
} from "jose";
import { describe, expect, test } from "vitest";
import { Ed25519PublicKey } from "../../src/keys/ed25519-public-key.js";
import { KeyPair } from "../../src/keys/key-pair.js";
import { AttestationProvider } from "../../src/token/attestation-provider.js";
import { TokenType } from "../../src/token/token-header.js";
import { AUDIENCE, attested, IDENTITY, ISSUER, NOW, refusal, SUBJECT } from "../support/attested.js";
import { PAYLOAD } from "../support/forge.js";
import { RFC_8037 } from "../support/vectors.js";

const KID = "jose-1";
const ALGORITHMS = ["EdDSA", "Ed25519"] as const;
const message = new TextEncoder().encode("to be signed");

/** A key pair of jose's that may be exported. */
function generateJoseKeys(alg: string = "EdDSA") {
  return generateKeyPair(alg, { crv: "Ed25519", extractable: true });
}

/** A verifier that knows jose's public key as the issuer's. */
async function verifierOf(publicKey: CryptoKey) {
  const { keyResolver, verifier } = attested();
  keyResolver.addKey(ISSUER, KID, Ed25519PublicKey.fromJwk(await exportJWK(publicKey)));
  return verifier;
}

/** An attestation token signed by jose, with the claims of `PAYLOAD` but for `claims`. */
function signWithJose(privateKey: CryptoKey, alg: string, typ: string = "JWT", claims: object = {}) {
  return new SignJWT({ ...PAYLOAD, ...claims }).setProtectedHeader({ alg, typ, kid: KID }).sign(privateKey);
}

function mint(keyPair: KeyPair, algorithm: (typeof ALGORITHMS)[number], tokenType?: TokenType) {
  const { clock } = attested();
  const provider = new AttestationProvider({ issuer: ISSUER, keyPair, algorithm, tokenType, clock });
  return provider.createToken({ identity: IDENTITY, audience: AUDIENCE });
}

const JOSE_OPTIONS = { issuer: ISSUER, audience: AUDIENCE, currentDate: new Date(NOW * 1000) };

describe.each(ALGORITHMS)("a token of jose's with alg %s", (alg) => {
  test.each(["JWT", "attestation+jwt", "application/attestation+jwt"])("and typ %s verifies", async (typ) => {
    const { privateKey, publicKey } = await generateJoseKeys(alg);
    const verifier = await verifierOf(publicKey);
    const result = await verifier.verify(await signWithJose(privateKey, alg, typ));
    expect(result).toMatchObject({ verified: true, issuer: ISSUER, subject: SUBJECT });
    expect(result.claims?.raw).toEqual(PAYLOAD);
  });

  test("by another key is refused", async () => {
    const { publicKey } = await generateJoseKeys(alg);
    const { privateKey: another } = await generateJoseKeys(alg);
    const verifier = await verifierOf(publicKey);
    expect(await verifier.verify(await signWithJose(another, alg))).toMatchObject(refusal(1003, "signature"));
  });

  test("for another audience is refused", async () => {
    const { privateKey, publicKey } = await generateJoseKeys(alg);
    const verifier = await verifierOf(publicKey);
    const token = await signWithJose(privateKey, alg, "JWT", { aud: "https://other.example" });
    expect(await verifier.verify(token)).toMatchObject(refusal(1005, "audience"));
  });
});

describe.each(ALGORITHMS)("a token of ours with alg %s", (algorithm) => {
  test.each(Object.values(TokenType))(
    "and typ %s verifies with jose, by the published key set",
    async (typ) => {
      const keyPair = KeyPair.generate(KID);
      const keys = createLocalJWKSet({ keys: [keyPair.toJwk()] });
      const { payload, protectedHeader } = await jwtVerify(await mint(keyPair, algorithm, typ), keys, {
        ...JOSE_OPTIONS,
        typ,
        algorithms: [algorithm],
      });
      expect(protectedHeader).toEqual({ alg: algorithm, typ, kid: KID });
      expect(payload).toMatchObject({
        iss: ISSUER,
        sub: SUBJECT,
        aud: AUDIENCE,
        iat: NOW,
        exp: NOW + 300,
        agent_identity: { model_version: "claude-sonnet-4" },
      });
    },
  );

  test("is refused by jose under another key", async () => {
    const token = await mint(KeyPair.generate(KID), algorithm);
    const another = await importJWK(KeyPair.generate(KID).toJwk(), algorithm);
    await expect(jwtVerify(token, another, JOSE_OPTIONS)).rejects.toMatchObject({
      code: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
    });
  });

  test("is refused by jose for another audience", async () => {
    const keyPair = KeyPair.generate(KID);
    const key = await importJWK(keyPair.toJwk(), algorithm);
    const options = { ...JOSE_OPTIONS, audience: "https://other.example" };
    await expect(jwtVerify(await mint(keyPair, algorithm), key, options)).rejects.toMatchObject({
      code: "ERR_JWT_CLAIM_VALIDATION_FAILED",
      claim: "aud",
    });
  });
});

describe("thumbprints (RFC 7638)", () => {
  test("are jose's, for the key of RFC 8037 A.3", async () => {
    const { kty, crv, x } = RFC_8037.privateJwk;
    const thumbprint = Ed25519PublicKey.fromJwk(RFC_8037.privateJwk).thumbprint();
    expect(thumbprint).toBe(RFC_8037.thumbprint);
    expect(thumbprint).toBe(await calculateJwkThumbprint({ kty, crv, x }));
  });

  test("are jose's, for new keys of either side", async () => {
    for (let round = 0; round < 20; round++) {
      const ours = KeyPair.generate();
      expect(ours.publicKey.thumbprint()).toBe(await calculateJwkThumbprint({ ...ours.toJwk() }));
      const theirs = await exportJWK((await generateJoseKeys()).publicKey);
      expect(Ed25519PublicKey.fromJwk(theirs).thumbprint()).toBe(await calculateJwkThumbprint(theirs));
    }
  });
});

describe("key pairs", () => {
  test("of jose's come in as JWK and as PEM, and sign the same", async () => {
    const { privateKey, publicKey } = await generateJoseKeys();
    const jwk = await exportJWK(privateKey);
    const fromJwk = KeyPair.fromJwk(jwk);
    const fromPem = KeyPair.fromPem(await exportPKCS8(privateKey), fromJwk.kid);
    expect(fromJwk.kid).toBe(await calculateJwkThumbprint(jwk));
    expect(fromPem.toPrivateJwk()).toEqual(fromJwk.toPrivateJwk());
    expect(fromJwk.toPrivateJwk()).toMatchObject(jwk);
    expect(fromPem.sign(message)).toEqual(fromJwk.sign(message));
    const theirPublicKey = Ed25519PublicKey.fromPem(await exportSPKI(publicKey));
    expect(theirPublicKey.verify(message, fromJwk.sign(message))).toBe(true);
  });

  test("of ours go out as JWK and as PEM that jose writes alike", async () => {
    const keyPair = KeyPair.generate(KID);
    const fromPem = await importPKCS8(keyPair.toPem(), "EdDSA", { extractable: true });
    const { kid: _, ...jwk } = keyPair.toPrivateJwk();
    expect(await exportJWK(fromPem)).toMatchObject(jwk);
    expect((await exportPKCS8(fromPem)).trim()).toBe(keyPair.toPem().trim());
    const fromJwk = (await importJWK({ ...keyPair.toPrivateJwk() }, "Ed25519")) as CryptoKey;
    const verifier = await verifierOf(
      await importSPKI(keyPair.publicKey.toPem(), "EdDSA", { extractable: true }),
    );
    expect(await verifier.verify(await signWithJose(fromJwk, "Ed25519"))).toMatchObject({ verified: true });
  });
});

describe("public keys", () => {
  test("of ours go out as JWK and as PEM that jose writes alike", async () => {
    const { publicKey } = KeyPair.generate();
    const fromPem = await importSPKI(publicKey.toPem(), "EdDSA", { extractable: true });
    expect(await exportJWK(fromPem)).toMatchObject(publicKey.toJwk());
    expect((await exportSPKI(fromPem)).trim()).toBe(publicKey.toPem().trim());
  });

  test("of jose's come in as JWK and as PEM", async () => {
    const { publicKey } = await generateJoseKeys();
    const jwk = await exportJWK(publicKey);
    expect(Ed25519PublicKey.fromPem(await exportSPKI(publicKey)).toJwk()).toEqual(
      Ed25519PublicKey.fromJwk(jwk).toJwk(),
    );
    expect(Ed25519PublicKey.fromJwk(jwk).toJwk()).toMatchObject(jwk);
  });

  test("of jose's other curves are refused", async () => {
    const { publicKey: x25519 } = await generateKeyPair("ECDH-ES", { crv: "X25519", extractable: true });
    const { publicKey: p256 } = await generateKeyPair("ES256", { extractable: true });
    for (const key of [x25519, p256]) {
      const jwk = await exportJWK(key);
      expect(() => Ed25519PublicKey.fromJwk(jwk)).toThrow(TypeError);
      const pem = await exportSPKI(key);
      expect(() => Ed25519PublicKey.fromPem(pem)).toThrow(TypeError);
    }
  });
});
