import { AgentIntegrity, type KeyPair } from "@attest/core";
import { count, kindOf, membersOf, type OptionsSpec, readOptions } from "@attest/core/internal";
import type { JWKSet, PublishedJwk } from "../jwk-set.js";

/** Source of the keys to publish: asked again for every request, so that keys can come and go. */
export interface KeySetSource {
  /** Returns the keys to be published now. */
  jwks(): JWKSet;
}

/** Key set that never changes: the public key of one key pair. */
export type SingleKey = Pick<KeyPair, "kid" | "toJwk">;

export interface JwksHandlerOptions {
  /**
   * How long the answer may be kept, in whole seconds. Default: 300 s. A key that is taken out of the set may be trusted
   * for this much longer.
   */
  readonly maxAgeSeconds?: number | undefined;
}

const OPTIONS: OptionsSpec<{ maxAgeSeconds: number }> = { maxAgeSeconds: count(300, { min: 0 }) };
const ALLOWED_METHODS = "GET, HEAD";

/**
 * Returns a handler that answers web-standard requests with the key set (RFC 7517 §5). Mount it at
 * `/.well-known/jwks.json`. GET and HEAD are answered with the set, or with 304 when `If-None-Match` names it (RFC 9110
 * §13.1.2); other methods with 405. Only public members of the keys are sent.
 *
 * @throws {TypeError | RangeError} naming the argument that is wrong.
 */
export function jwksHandler(
  keys: KeySetSource | SingleKey,
  options: JwksHandlerOptions = {},
): (request: Request) => Response {
  const { maxAgeSeconds } = readOptions("jwksHandler", options, OPTIONS);
  assertKeys(keys);

  let latest = { body: "", etag: "" };
  function current(): typeof latest {
    const body = JSON.stringify(publishedKeySet(keys));
    if (body !== latest.body) latest = { body, etag: entityTag(body) };
    return latest;
  }

  return (request) => {
    if (request.method !== "GET" && request.method !== "HEAD")
      return new Response(null, { status: 405, headers: { allow: ALLOWED_METHODS } });
    const { body, etag } = current();
    const headers = new Headers({
      etag,
      "cache-control": `public, max-age=${maxAgeSeconds}`,
      // Verifiers run in browsers too, and everything here is public.
      "access-control-allow-origin": "*",
    });
    if (matches(request.headers.get("if-none-match"), etag))
      return new Response(null, { status: 304, headers });
    headers.set("content-type", "application/jwk-set+json");
    headers.set("x-content-type-options", "nosniff");
    // Set by hand, because an answer to HEAD has no body to be measured.
    headers.set("content-length", String(new TextEncoder().encode(body).byteLength));
    return new Response(request.method === "HEAD" ? null : body, { headers });
  };
}

function assertKeys(keys: unknown): void {
  const { jwks, toJwk, kid } = membersOf(keys);
  if (typeof jwks === "function") return;
  if (typeof toJwk !== "function")
    throw new TypeError(`keys must be a KeyPair or have a method jwks(), got ${kindOf(keys)}`);
  // A public key has the method too, and verifiers would skip the nameless key that it gives.
  if (typeof kid !== "string")
    throw new TypeError("keys must be a KeyPair or have a method jwks(), got a key without a kid");
}

/** Returns the document to publish: the public members of each key and nothing else, whatever the source holds. */
function publishedKeySet(keys: KeySetSource | SingleKey): JWKSet {
  const published = "jwks" in keys ? keys.jwks().keys : [keys.toJwk()];
  return { keys: published.map(publicMembers) };
}

/**
 * Picks the members one by one, so that a private `d` cannot slip through. `use` keeps others from encrypting to the key
 * (RFC 7517 §4.2). `alg` tells libraries that do not guess it what the key is for (§4.4).
 */
function publicMembers({
  kty,
  crv,
  x,
  kid,
  alg = "EdDSA",
}: PublishedJwk): PublishedJwk & { readonly use: "sig" } {
  return { kty, crv, x, kid, use: "sig", alg };
}

/** Returns a strong entity tag (RFC 9110 §8.8.3), by the one SHA-256 that every runtime has without waiting. */
function entityTag(body: string): string {
  return `"${AgentIntegrity.computeHash(body)}"`;
}

/** Whether `If-None-Match` names `etag`, by the weak comparison that it asks for (RFC 9110 §8.8.3.2). */
function matches(ifNoneMatch: string | null, etag: string): boolean {
  if (ifNoneMatch === null) return false;
  const tags = ifNoneMatch.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.includes("*") || tags.includes(etag);
}
