import type { Ed25519PublicJwk } from "@attest/core";

/** A public Ed25519 key in a key set (RFC 7517 §4, RFC 8037 §2), named by its `kid`. */
export type PublishedJwk = Ed25519PublicJwk & { readonly kid: string };

/** A JSON Web Key Set (RFC 7517 §5) of Ed25519 keys. */
export interface JWKSet {
  readonly keys: readonly PublishedJwk[];
}
