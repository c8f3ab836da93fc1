import type { AgentIdentity } from "../identity/agent-identity.js";
import type { AgentIntegrity } from "../identity/agent-integrity.js";
import type { AttestationMetadata } from "../identity/attestation-metadata.js";
import type { Ed25519PublicJwk } from "../keys/ed25519-public-key.js";

/** Claims of an attestation token. Times are seconds since the Unix epoch. */
export interface AttestationClaims {
  /** Issuer, who vouches for the agent (RFC 7519 §4.1.1). */
  readonly iss: string;
  /** The agent's SPIFFE ID (RFC 7519 §4.1.2). */
  readonly sub: string;
  /** Servers that the token is meant for (RFC 7519 §4.1.3), always as a list. */
  readonly aud: readonly string[];
  /** Issued at (RFC 7519 §4.1.6). */
  readonly iat: number;
  /** Expires at (RFC 7519 §4.1.4). */
  readonly exp: number;
  /** Not before (RFC 7519 §4.1.5). */
  readonly nbf: number | undefined;
  /** The token's id (RFC 7519 §4.1.7). */
  readonly jti: string;
  readonly agentIdentity: AgentIdentity;
  readonly attestationMetadata: AttestationMetadata;
  readonly agentIntegrity: AgentIntegrity | undefined;
  /** The key that the token is bound to (RFC 7800 §3.2), if it is. */
  readonly cnf: { readonly jwk: Ed25519PublicJwk } | undefined;
  /** Every member as it stands in the token, unknown ones included. */
  readonly raw: Readonly<Record<string, unknown>>;
}

/** Largest number of audiences in one token. */
export const MAX_AUDIENCES = 16;

/** Whether `value` is what an `aud` claim may hold, as a list: 1 to 16 strings. */
export function areAudiences(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length >= 1 &&
    value.length <= MAX_AUDIENCES &&
    value.every((audience) => typeof audience === "string")
  );
}
