import type { AttestationErrorCode } from "../errors.js";
import type { AttestationClaims } from "../token/claims.js";
import type { TrustLevel } from "./trust.js";

/** Every check passed. */
export interface Verified {
  readonly verified: true;
  readonly accepted: true;
  readonly trustLevel: Exclude<TrustLevel, "none">;
  readonly issuer: string;
  /** The agent's SPIFFE ID. */
  readonly subject: string;
  readonly claims: AttestationClaims;
  readonly error: null;
  readonly errorCode: null;
  readonly failedCheck: null;
}

/** A check failed, or nothing was presented. */
export interface NotVerified {
  readonly verified: false;
  /** May the connection go on under the verifier's policy: false when attestation is required. */
  readonly accepted: boolean;
  readonly trustLevel: "none";
  /** What the token claims to be its issuer: unverified. */
  readonly issuer: string | null;
  /** What the token claims to be its subject: unverified. */
  readonly subject: string | null;
  readonly claims: null;
  /** The fixed sentence of `errorCode`; what exactly was wrong goes to the observer. */
  readonly error: string;
  readonly errorCode: AttestationErrorCode;
  /** The name of the check that refused; `decode` or `presented` before the first one. */
  readonly failedCheck: string;
}

/** The outcome of a verification. */
export type VerificationResult = Verified | NotVerified;
