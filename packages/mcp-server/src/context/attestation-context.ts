import type { AttestationClaims, TrustLevel } from "@attest/core";

/** An agent that is attested. */
export interface Attested {
  readonly verified: true;
  readonly trustLevel: Exclude<TrustLevel, "none">;
  readonly issuer: string;
  /** The agent's SPIFFE ID. */
  readonly subject: string;
  readonly claims: AttestationClaims;
  /** The token's `exp`, in seconds since the Unix epoch. */
  readonly expiresAt: number;
}

/** An agent that is not: the policy let it in without. */
export interface Unattested {
  readonly verified: false;
  readonly trustLevel: "none";
  readonly issuer: null;
  readonly subject: null;
  readonly claims: null;
  readonly expiresAt: null;
}

/** The caller, attested or not. */
export type AttestationContext = Attested | Unattested;

export const UNATTESTED: Unattested = Object.freeze({
  verified: false,
  trustLevel: "none",
  issuer: null,
  subject: null,
  claims: null,
  expiresAt: null,
});
