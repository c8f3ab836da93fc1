import { Buffer } from "node:buffer";
import { createPrivateKey, sign } from "node:crypto";
import type { KeyPair } from "../../src/keys/key-pair.js";
import { AUDIENCE, ISSUER, NOW, SUBJECT } from "./attested.js";

/** A segment before it is encoded: JSON, the text of it, or its bytes. */
export type Segment = object | string | Uint8Array;

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

/** One base64url segment. Members that are `undefined` stay out of the JSON. */
export function encodeSegment(segment: Segment): string {
  const isText = typeof segment === "string" || segment instanceof Uint8Array;
  return Buffer.from(isText ? segment : JSON.stringify(segment)).toString("base64url");
}

/** A compact JWS of whatever it is given, rightly signed by `keyPair` with node:crypto. */
export function forge(keyPair: KeyPair, header: Segment = HEADER, payload: Segment = PAYLOAD): string {
  const signingInput = `${encodeSegment(header)}.${encodeSegment(payload)}`;
  const signature = sign(null, Buffer.from(signingInput), createPrivateKey(keyPair.toPem()));
  return `${signingInput}.${signature.toString("base64url")}`;
}
