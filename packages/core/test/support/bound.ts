import { createHash } from "node:crypto";
import { KeyPair } from "../../src/keys/key-pair.js";
import { type CreateProofOptions, createProof } from "../../src/proof/create-proof.js";
import { type ProvenRequest, requestHash } from "../../src/proof/request-hash.js";
import type { TokenSegment } from "../../src/testing.js";
import type { AttestationVerifierOptions } from "../../src/verify/attestation-verifier.js";
import type { Presentation } from "../../src/verify/presentation.js";
import type { VerificationResult } from "../../src/verify/result.js";
import { AUDIENCE, attested, NOW } from "./attested.js";
import { forge } from "./forge.js";

export const REQUEST = {
  method: "tools/call",
  params: { name: "transfer", arguments: { to: "alice", amount: 10 } },
} as const satisfies ProvenRequest;

/** The header of a proof that every verifier accepts. */
export const PROOF_HEADER = { alg: "EdDSA", typ: "attestation-pop+jwt" };

/** base64url SHA-256, by the tests' own way. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}

/** The claims of a proof for `token` and REQUEST. The library's own hand is in the request's hash alone. */
export function proofClaims(token: string, request: ProvenRequest = REQUEST) {
  return {
    aud: AUDIENCE,
    iat: NOW,
    jti: crypto.randomUUID(),
    wth: sha256(token),
    req: requestHash(request),
  };
}

/** An issuer, a verifier, an agent with a key, and a token that is bound to it. */
export async function bound(options: Partial<AttestationVerifierOptions> = {}) {
  const sides = attested(options);
  const agentKey = KeyPair.generate("agent");
  const token = await sides.createToken({ confirmationKey: agentKey.publicKey });

  /** A proof by the library. */
  const prove = (overrides: Partial<CreateProofOptions> = {}): Promise<string> =>
    createProof({
      key: agentKey,
      token,
      audience: AUDIENCE,
      request: REQUEST,
      clock: sides.clock,
      ...overrides,
    });
  /** A proof that the agent's key rightly signed, whatever it says. */
  const forgeProof = (
    claims: object = {},
    { key = agentKey, header = PROOF_HEADER }: { key?: KeyPair; header?: TokenSegment } = {},
  ): string => forge(key, header, { ...proofClaims(token), ...claims });
  const present = (proof: string | undefined, beside: Presentation = {}): Promise<VerificationResult> =>
    sides.verifier.verify(token, { proof, request: REQUEST, ...beside });
  return { ...sides, agentKey, token, prove, forgeProof, present };
}
