import { ATTESTATION_VERSION, SUPPORTED_ALGORITHMS } from "../constants.js";
import { AttestationType } from "../identity/attestation-metadata.js";
import { asObject, type JsonObject } from "./json-rpc.js";

/** A token, with the proof of possession that goes with a bound one. */
export interface Evidence {
  readonly token: string;
  readonly proof?: string | undefined;
}

/** Evidence that no verifier takes for a token: it answers 1008, as to anything that is malformed. */
export const MALFORMED_EVIDENCE: Evidence = Object.freeze({ token: "not a token" });

/** Returns `evidence` as it stands in `params._meta` of a request. */
export function writeEvidence({ token, proof }: Evidence): JsonObject {
  return { version: ATTESTATION_VERSION, token, ...(proof === undefined ? {} : { proof }) };
}

/** Returns `evidence` as it stands in the capabilities of `initialize`, with what the client can do. */
export function writeCapability(evidence: Evidence): JsonObject {
  const { version, token, ...proof } = writeEvidence(evidence);
  return {
    version,
    token,
    supported_algorithms: SUPPORTED_ALGORITHMS,
    attestation_types: Object.values(AttestationType),
    ...proof,
  };
}

/**
 * Reads evidence that a peer wrote. `version` is not looked at.
 *
 * Returns `undefined` for `undefined` and `null`, and {@link MALFORMED_EVIDENCE} for whatever else holds no token or a
 * proof that is no text: such evidence was presented, and is refused.
 */
export function readEvidence(value: unknown): Evidence | undefined {
  if (value === undefined || value === null) return undefined;
  const { token, proof } = asObject(value) ?? {};
  if (typeof token !== "string") return MALFORMED_EVIDENCE;
  if (proof === undefined || proof === null) return { token };
  return typeof proof === "string" ? { token, proof } : MALFORMED_EVIDENCE;
}
