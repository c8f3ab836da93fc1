import type { AttestationErrorCode } from "../errors.js";
import type { AttestationClaims } from "../token/claims.js";
import type { TrustLevel } from "../trust.js";

/** A demand for a fresh proof of possession: it has to carry `nonce`. */
export interface Challenge {
  readonly nonce: string;
}

/** Every check passed. */
export interface Verified {
  readonly verified: true;
  readonly accepted: true;
  readonly trustLevel: Exclude<TrustLevel, "none">;
  readonly issuer: string;
  /** The agent's SPIFFE ID. */
  readonly subject: string;
  readonly claims: AttestationClaims;
  /** Until when the agent is vouched for: the token's `exp` and the verifier's skew, in seconds since the Unix epoch. */
  readonly validUntil: number;
  readonly error: null;
  readonly errorCode: null;
  readonly failedCheck: null;
}

/** A check failed, or nothing was presented. */
export interface NotVerified {
  readonly verified: false;
  /** Whether the connection may go on under the verifier's policy: `false` where attestation is required. */
  readonly accepted: boolean;
  readonly trustLevel: "none";
  /** The issuer that the token claims: unverified. */
  readonly issuer: string | null;
  /** The subject that the token claims: unverified. */
  readonly subject: string | null;
  readonly claims: null;
  /** The fixed sentence of `errorCode`; what exactly was wrong goes to the observer. */
  readonly error: string;
  readonly errorCode: AttestationErrorCode;
  /** The name of the check that refused; `decode` or `presented` before the first one. */
  readonly failedCheck: string;
  /** The nonce that a proof of possession has to carry, where one is demanded (protocol §6). */
  readonly challenge: Challenge | null;
}

/** The outcome of a verification. */
export type VerificationResult = Verified | NotVerified;
