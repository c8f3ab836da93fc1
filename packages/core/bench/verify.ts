import { createPublicKey, verify } from "node:crypto";
import { AttestationVerifier, Ed25519PublicKey, InMemoryKeyResolver } from "@attest/core";
import { JwtVerifier } from "aws-jwt-verify";
import { createVerifier } from "fast-jwt";
import { importJWK, jwtVerify } from "jose";
import { type Contender, measure, printRatios } from "./measure.ts";
import { AUDIENCE, freshTokens, ISSUER, keyPair } from "./subject.ts";

/** Verification of one fresh token, everything each library checks by itself included. */
export async function benchVerify(): Promise<void> {
  let tokens: string[] = [];
  const prepare = async (operations: number) => {
    tokens = await freshTokens(operations);
  };
  const [sample = ""] = await freshTokens(1);
  const contenders: Contender[] = [
    raw(sample),
    { name: "@attest/core, every default check, replay", prepare, run: attestVerifier() },
  ];

  await import("@attest/core/sodium");
  contenders.push({ name: "@attest/core with @attest/core/sodium", prepare, run: attestVerifier() });

  const pem = keyPair.publicKey.toPem();
  const fastJwt = createVerifier({
    key: pem,
    algorithms: ["EdDSA"],
    cache: false,
    allowedIss: ISSUER,
    allowedAud: AUDIENCE,
  });
  contenders.push({
    name: "fast-jwt, cache off (no replay, no claim shapes)",
    prepare,
    run: () => {
      for (const token of tokens) fastJwt(token);
    },
  });

  const aws = JwtVerifier.create({
    issuer: ISSUER,
    audience: AUDIENCE,
    jwksUri: `${ISSUER}/.well-known/jwks.json`,
  });
  aws.cacheJwks({ keys: [{ ...keyPair.toJwk(), alg: "EdDSA", use: "sig" }] });
  contenders.push({
    name: "aws-jwt-verify, sync",
    prepare,
    run: () => {
      for (const token of tokens) aws.verifySync(token);
    },
  });

  const joseKey = await importJWK({ ...keyPair.toJwk() }, "EdDSA");
  const joseOptions = { issuer: ISSUER, audience: AUDIENCE, algorithms: ["EdDSA"] };
  contenders.push({
    name: "jose, one at a time",
    prepare,
    run: async () => {
      for (const token of tokens) await jwtVerify(token, joseKey, joseOptions);
    },
  });
  contenders.push({
    name: "jose, 16 in flight",
    prepare,
    run: async () => {
      for (let start = 0; start < tokens.length; start += 16) {
        await Promise.all(
          tokens.slice(start, start + 16).map((token) => jwtVerify(token, joseKey, joseOptions)),
        );
      }
    },
  });
  printRatios(`verify one fresh token of ${sample.length} bytes`, await measure(contenders));

  /** A verifier whose key uses the backend that is current now. */
  function attestVerifier(): Contender["run"] {
    const keyResolver = new InMemoryKeyResolver();
    keyResolver.addKey(ISSUER, keyPair.kid, Ed25519PublicKey.fromJwk(keyPair.toJwk()));
    const verifier = new AttestationVerifier({ trustedIssuers: [ISSUER], keyResolver, audience: AUDIENCE });
    return async () => {
      for (const token of tokens) {
        const { verified } = await verifier.verify(token);
        if (!verified) throw new Error("the benchmark's own token does not verify");
      }
    };
  }
}

/** What everything is compared with: nothing but the signature. */
function raw(token: string): Contender {
  const dot = token.lastIndexOf(".");
  const message = Buffer.from(token.slice(0, dot));
  const signature = Buffer.from(token.slice(dot + 1), "base64url");
  const key = createPublicKey(keyPair.publicKey.toPem());
  return {
    name: "raw crypto.verify(null, message, key, signature)",
    run: (operations) => {
      for (let index = 0; index < operations; index++) verify(null, message, key, signature);
    },
  };
}
