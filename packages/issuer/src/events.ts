/**
 * Events of an issuer: its audit trail.
 *
 * Strings that come from a peer are escaped and cut, tokens and keys never stand in it, and an event can be logged as JSON as
 * it is. What happens to the keys of platforms is told by the `KeySetEvent` of `@attest/jwks`, with the platform's name as
 * `issuer`.
 */
export type IssuerEvent =
  /** An attestation was issued. */
  | {
      readonly type: "attestation_issued";
      /** Rule that allowed it. */
      readonly rule: string;
      readonly platform: string;
      /** The `sub` that the platform signed. */
      readonly platformSubject: string;
      /** The agent's SPIFFE ID. */
      readonly subject: string;
      /** The model that was attested: `agent_identity.model_version`. */
      readonly model: string;
      readonly audience: string;
      /** The first 8 characters of the attestation's id. */
      readonly jti: string;
      /** Thumbprint (RFC 7638) of the key that the attestation is bound to; `null` when it is not bound. */
      readonly keyThumbprint: string | null;
      /** Seconds since the Unix epoch. */
      readonly expiresAt: number;
      readonly durationSeconds: number;
    }
  /** An exchange was refused. What is named is what could be told by then; `platformSubject` may be unverified. */
  | {
      readonly type: "attestation_refused";
      /** Error that the caller was told, such as `invalid_grant`. */
      readonly error: string;
      /** Kind of the refusal, such as `not_allowed`. */
      readonly kind: string;
      /** The exact reason: for the operator, never for the caller. */
      readonly detail: string;
      readonly platform: string | null;
      readonly platformSubject: string | null;
      readonly rule: string | null;
      readonly audience: string | null;
      /** Where rules were asked: how the token differs from each. */
      readonly rules: readonly { readonly rule: string; readonly problems: readonly string[] }[];
      /** The error underneath, outermost first. */
      readonly cause: readonly string[];
      readonly durationSeconds: number;
    }
  /** A trust policy is in force: the first one, or one that was loaded later. */
  | { readonly type: "policy_loaded"; readonly platforms: number; readonly rules: number }
  /** A trust policy was not loaded. The one before stays in force. */
  | { readonly type: "policy_refused"; readonly cause: readonly string[] }
  /** The program read its keys file again. Attestations are signed with the key named `kid` from now on. */
  | { readonly type: "keys_loaded"; readonly kid: string }
  /** The program could not read its keys file again. It signs with the keys that it has. */
  | { readonly type: "keys_refused"; readonly cause: readonly string[] };
