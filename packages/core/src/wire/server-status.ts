import { TrustLevel } from "../trust.js";
import { asObject, type JsonObject } from "./json-rpc.js";
import { isNonce } from "./nonce.js";
import { areTexts, isIn, type Requirements, readRequirements, writeRequirements } from "./requirements.js";

/** The outcome of a verification, as a server says it. */
export const VerificationStatus = {
  VERIFIED: "verified",
  FAILED: "failed",
  NOT_PROVIDED: "not_provided",
} as const;
export type VerificationStatus = (typeof VerificationStatus)[keyof typeof VerificationStatus];

/** A server's word on attestation: what it asks for, and what became of what it was given. */
export interface AttestationStatus extends Requirements {
  readonly version: string;
  readonly verificationStatus: VerificationStatus;
  readonly trustLevel: TrustLevel;
  /** The names of the claims that were verified. */
  readonly verifiedClaims: readonly string[];
  /** The fixed sentence of `errorCode`. */
  readonly error?: string | undefined;
  readonly errorCode?: number | undefined;
  /** The newest nonce for proofs, where the server demands one. */
  readonly nonce?: string | undefined;
}

/** Returns `status` as it stands in the server's capabilities (protocol §4). */
export function writeStatus(status: AttestationStatus): JsonObject {
  return {
    version: status.version,
    ...writeRequirements(status),
    verification_status: status.verificationStatus,
    trust_level: status.trustLevel,
    verified_claims: status.verifiedClaims,
    ...(status.error === undefined ? {} : { error: status.error }),
    ...(status.errorCode === undefined ? {} : { error_code: status.errorCode }),
    ...(status.nonce === undefined ? {} : { nonce: status.nonce }),
  };
}

/** Reads the status that a server wrote; returns `undefined` when `value` is no status. */
export function readStatus(value: unknown): AttestationStatus | undefined {
  const requirements = readRequirements(value);
  const { version, verification_status, trust_level, verified_claims, error, error_code, nonce } =
    asObject(value) ?? {};
  if (requirements === undefined || typeof version !== "string" || !areTexts(verified_claims))
    return undefined;
  if (!isIn(VerificationStatus, verification_status) || !isIn(TrustLevel, trust_level)) return undefined;
  if (error !== undefined && typeof error !== "string") return undefined;
  if (error_code !== undefined && typeof error_code !== "number") return undefined;
  return {
    ...requirements,
    version,
    verificationStatus: verification_status,
    trustLevel: trust_level,
    verifiedClaims: verified_claims,
    ...(error === undefined ? {} : { error }),
    ...(error_code === undefined ? {} : { errorCode: error_code }),
    ...(isNonce(nonce) ? { nonce } : {}),
  };
}
