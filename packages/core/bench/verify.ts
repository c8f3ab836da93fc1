import { createPublicKey, verify } from "node:crypto";
import {
  AttestationVerifier,
  type AttestationVerifierOptions,
  Ed25519PublicKey,
  InMemoryKeyResolver,
} from "@attest/core";
import { onMessages, onTokens } from "./contenders.ts";
import type { Contender } from "./measure.ts";
import { AUDIENCE, freshTokens, ISSUER, keyPair, type SignedMessage, versioned } from "./subject.ts";

/**
 * Verification of one fresh token, with everything that each library checks by itself. The first is what the others are
 * compared with: nothing but the signature. A contender is made in this order, since one that uses sodium changes the
 * backend of keys that are made later.
 */
export const VERIFIERS: Readonly<Record<string, () => Promise<Contender>>> = {
  raw: async () => {
    const key = createPublicKey(keyPair.publicKey.toPem());
    return onMessages(
      "raw crypto.verify, fresh messages, decoded before",
      mustHold(({ message, signature }) => verify(null, message, key, signature)),
    );
  },
  core: async () => attestVerifier("@attest/core, default checks, replay in memory"),
  "core-without-replay": async () => attestVerifier("@attest/core, replay off", { replayCache: null }),
  "fast-jwt": async () => {
    const { createVerifier } = await import("fast-jwt");
    const check = createVerifier({
      key: keyPair.publicKey.toPem(),
      algorithms: ["EdDSA"],
      cache: false,
      allowedIss: ISSUER,
      allowedAud: AUDIENCE,
    });
    return onTokens(`${versioned("fast-jwt")}, cache off; no replay, no shapes`, check);
  },
  "aws-jwt-verify": async () => {
    const { JwtVerifier } = await import("aws-jwt-verify");
    const verifier = JwtVerifier.create({
      issuer: ISSUER,
      audience: AUDIENCE,
      jwksUri: `${ISSUER}/.well-known/jwks.json`,
    });
    verifier.cacheJwks({ keys: [{ ...keyPair.toJwk(), alg: "EdDSA", use: "sig" }] });
    return onTokens(`${versioned("aws-jwt-verify")}, sync`, (token) => verifier.verifySync(token));
  },
  jose: async () => {
    const check = await joseVerifier();
    return onTokens(`${versioned("jose")}, one at a time`, check);
  },
  "jose-16": async () => {
    const check = await joseVerifier();
    let tokens: readonly string[] = [];
    return {
      name: `${versioned("jose")}, 16 in flight`,
      prepare: async (operations) => {
        tokens = await freshTokens(operations);
      },
      run: async () => {
        for (let start = 0; start < tokens.length; start += 16) {
          await Promise.all(tokens.slice(start, start + 16).map(check));
        }
      },
    };
  },
  sodium: async () => {
    const { default: sodium } = await import("sodium-native");
    const key = keyPair.publicKey.toBytes();
    return onMessages(
      `${versioned("sodium-native")} itself, fresh messages`,
      mustHold(({ message, signature }) => sodium.crypto_sign_verify_detached(signature, message, key)),
    );
  },
  "core-with-sodium": async () => {
    await import("@attest/core/sodium");
    return attestVerifier("@attest/core with @attest/core/sodium");
  },
};

/** A verifier whose key uses the backend that is current now. */
function attestVerifier(name: string, options: Partial<AttestationVerifierOptions> = {}): Contender {
  const keyResolver = new InMemoryKeyResolver();
  keyResolver.addKey(ISSUER, keyPair.kid, Ed25519PublicKey.fromJwk(keyPair.toJwk()));
  const verifier = new AttestationVerifier({
    trustedIssuers: [ISSUER],
    keyResolver,
    audience: AUDIENCE,
    ...options,
  });
  return onTokens(name, async (token) => {
    const { verified } = await verifier.verify(token);
    if (!verified) throw new Error("the benchmark's own token does not verify");
  });
}

async function joseVerifier(): Promise<(token: string) => Promise<unknown>> {
  const { importJWK, jwtVerify } = await import("jose");
  const key = await importJWK({ ...keyPair.toJwk() }, "EdDSA");
  const options = { issuer: ISSUER, audience: AUDIENCE, algorithms: ["EdDSA"] };
  return (token) => jwtVerify(token, key, options);
}

/** Throws where a signature is found to be wrong, since nothing would be measured then. */
function mustHold(operation: (signed: SignedMessage) => boolean): (signed: SignedMessage) => void {
  return (signed) => {
    if (!operation(signed)) throw new Error("the benchmark's own signature does not verify");
  };
}
