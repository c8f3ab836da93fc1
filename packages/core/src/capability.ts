import * as v from "valibot";
import { ATTESTATION_VERSION, SUPPORTED_ALGORITHMS } from "./constants.js";
import { AttestationType } from "./identity/attestation-metadata.js";
import { VerificationPolicy } from "./verify/policy.js";
import { TrustLevel } from "./verify/trust.js";

/*
 * What travels under ATTESTATION_CAPABILITY_KEY in MCP's `experimental` capabilities during the handshake, and
 * with an error. Peers write these, so what is read here is checked here.
 */

/** What a server says became of the attestation. */
export const VerificationStatus = {
  VERIFIED: "verified",
  FAILED: "failed",
  NOT_PROVIDED: "not_provided",
} as const;
export type VerificationStatus = (typeof VerificationStatus)[keyof typeof VerificationStatus];

/** The client's part of the handshake. */
export interface ClientAttestationCapability {
  readonly version: string;
  readonly token: string;
  readonly supported_algorithms: readonly string[];
  readonly attestation_types: readonly string[];
  readonly proof?: string;
}

/** The capability a client presents its token with. */
export function clientCapability(token: string): ClientAttestationCapability {
  return {
    version: ATTESTATION_VERSION,
    token,
    supported_algorithms: SUPPORTED_ALGORITHMS,
    attestation_types: Object.values(AttestationType),
  };
}

/** A token as it was presented, with its proof if one came along. */
export interface Presented {
  readonly token: string;
  readonly proof?: string | undefined;
}

/**
 * What a client's capability presents; `undefined` when there is no capability. A capability without a token
 * in it is something presented too: what is returned for it is malformed, and a verifier says so.
 */
export function readPresented(value: unknown): Presented | undefined {
  if (value === undefined || value === null) return undefined;
  const { token, proof } = value as { readonly token?: unknown; readonly proof?: unknown };
  return {
    token: typeof token === "string" ? token : "not a string",
    proof: typeof proof === "string" ? proof : undefined,
  };
}

/** What a server says about attestation: what it asks for, and what became of what it was given. */
export interface AttestationStatus {
  readonly version: string;
  readonly policy: VerificationPolicy;
  readonly trustedIssuers: readonly string[];
  readonly requiredClaims: readonly string[];
  readonly verificationStatus: VerificationStatus;
  readonly trustLevel: TrustLevel;
  /** The names of the claims that were verified. */
  readonly verifiedClaims: readonly string[];
  /** Why it was not verified: the fixed sentence of `errorCode`. */
  readonly error?: string | undefined;
  readonly errorCode?: number | undefined;
}

/** The capability by which a server says `status`. */
export function serverCapability(status: AttestationStatus): Record<string, unknown> {
  return {
    version: status.version,
    policy: status.policy,
    trusted_issuers: status.trustedIssuers,
    required_claims: status.requiredClaims,
    verification_status: status.verificationStatus,
    trust_level: status.trustLevel,
    verified_claims: status.verifiedClaims,
    ...(status.error === undefined ? {} : { error: status.error }),
    ...(status.errorCode === undefined ? {} : { error_code: status.errorCode }),
  };
}

const serverCapabilitySchema = v.looseObject({
  version: v.string(),
  policy: v.picklist(Object.values(VerificationPolicy)),
  trusted_issuers: v.array(v.string()),
  required_claims: v.array(v.string()),
  verification_status: v.picklist(Object.values(VerificationStatus)),
  trust_level: v.picklist(Object.values(TrustLevel)),
  verified_claims: v.array(v.string()),
  error: v.optional(v.string()),
  error_code: v.optional(v.number()),
});

/** What a server's capability says, checked; `undefined` when it is none. */
export function readServerCapability(value: unknown): AttestationStatus | undefined {
  const parsed = v.safeParse(serverCapabilitySchema, value);
  if (!parsed.success) return undefined;
  const capability = parsed.output;
  return {
    version: capability.version,
    policy: capability.policy,
    trustedIssuers: capability.trusted_issuers,
    requiredClaims: capability.required_claims,
    verificationStatus: capability.verification_status,
    trustLevel: capability.trust_level,
    verifiedClaims: capability.verified_claims,
    error: capability.error,
    errorCode: capability.error_code,
  };
}

/** What a refusal carries in `error.data`: what the client needs to do better, and no more. */
export interface RefusalData {
  readonly policy: VerificationPolicy;
  readonly trusted_issuers: readonly string[];
  readonly required_claims: readonly string[];
}
