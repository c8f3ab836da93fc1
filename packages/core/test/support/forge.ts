import { createPrivateKey, sign as signWithNode } from "node:crypto";
import type { KeyPair } from "../../src/keys/key-pair.js";
import { forgeToken, type TokenSegment } from "../../src/testing.js";
import { AUDIENCE, ISSUER, NOW, SUBJECT } from "./attested.js";

/** The header of a token that the verifier of `attested()` accepts. */
export const HEADER = { alg: "EdDSA", typ: "JWT", kid: "key-1" };

/** The claims of a token that the verifier of `attested()` accepts. */
export const PAYLOAD = {
  iss: ISSUER,
  sub: SUBJECT,
  aud: AUDIENCE,
  iat: NOW,
  exp: NOW + 300,
  jti: "5f9b0f66-6a5b-4d4f-9a5e-0f3f1f0c7a11",
  agent_identity: { model_family: "claude-4", model_version: "claude-sonnet-4", provider: "anthropic" },
  attestation_metadata: {
    attestation_version: "0.1.0",
    attestation_type: "provider",
    safety_level: "standard",
    capabilities_declared: [],
  },
};

/** Forges with node:crypto, so that the library's signatures are judged by another's. */
export function forge(
  keyPair: KeyPair,
  header: TokenSegment = HEADER,
  payload: TokenSegment = PAYLOAD,
): string {
  const { kid, alg } = keyPair;
  const sign = (message: Uint8Array) => signWithNode(null, message, createPrivateKey(keyPair.toPem()));
  return forgeToken({ kid, alg, sign }, { header, payload });
}
