import type { Ed25519PublicJwk, SignatureAlgorithm } from "@attest/core";

/** Largest number of keys that a key set may have (protocol §8). No honest issuer publishes more. */
export const MAX_KEYS = 100;

/** Public Ed25519 key in a key set (RFC 7517 §4, RFC 8037 §2), named by its `kid`. */
export type PublishedJwk = Ed25519PublicJwk & { readonly kid: string; readonly alg?: SignatureAlgorithm };

/** JSON Web Key Set (RFC 7517 §5) of Ed25519 keys. */
export interface JWKSet {
  readonly keys: readonly PublishedJwk[];
}
