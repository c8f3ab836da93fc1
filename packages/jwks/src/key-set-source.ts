import type { KeyPair } from "@attest/core";
import type { JWKSet, PublishedJwk } from "./jwk-set.js";

/** What a provider publishes: asked again for every request, so that keys can come and go. */
export interface KeySetSource {
  /** The keys as they are to be published now. */
  jwks(): JWKSet;
}

/** A key set that never changes: one key pair's public key. */
export type SingleKey = Pick<KeyPair, "toJwk">;

/** The published document: the public members of each key and nothing else, whatever the source holds. */
export function publishedKeySet(keys: KeySetSource | SingleKey): JWKSet {
  const published = "jwks" in keys ? keys.jwks().keys : [keys.toJwk()];
  return { keys: published.map(publicMembers) };
}

/** Picked one by one, so that a private `d` cannot slip through. `use` keeps others from encrypting to it (RFC 7517 §4.2). */
function publicMembers({ kty, crv, x, kid }: PublishedJwk): PublishedJwk & { readonly use: "sig" } {
  return { kty, crv, x, kid, use: "sig" };
}
