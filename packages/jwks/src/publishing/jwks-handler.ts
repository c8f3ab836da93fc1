import { AgentIntegrity } from "@attest/core";
import { assertOptions, kindOf } from "@attest/core/internal";
import { type KeySetSource, publishedKeySet, type SingleKey } from "./key-set-source.js";

export interface JwksHandlerOptions {
  /**
   * How long the answer may be kept, in whole seconds. Default 300. A key that is taken out of the set may be
   * trusted for this much longer.
   */
  readonly maxAgeSeconds?: number | undefined;
}

const ALLOWED_METHODS = "GET, HEAD";

/**
 * A handler that answers web-standard requests with the key set (RFC 7517 §5): mount it at
 * `/.well-known/jwks.json`. GET and HEAD get the set, or 304 when `If-None-Match` names it (RFC 9110 §13.1.2);
 * other methods get 405. Only public members of the keys are sent.
 *
 * @throws {TypeError | RangeError} naming the argument that is wrong.
 */
export function jwksHandler(
  keys: KeySetSource | SingleKey,
  options: JwksHandlerOptions = {},
): (request: Request) => Response {
  assertOptions("jwksHandler", options, ["maxAgeSeconds"]);
  const { maxAgeSeconds = 300 } = options;
  if (!isFunction(keys, "jwks") && !isFunction(keys, "toJwk"))
    throw new TypeError(`keys must be a KeyPair or have a method jwks(), got ${kindOf(keys)}`);
  if (!Number.isSafeInteger(maxAgeSeconds) || maxAgeSeconds < 0)
    throw new RangeError(`maxAgeSeconds must be a whole number of seconds, got ${String(maxAgeSeconds)}`);

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
      // Verifiers run in browsers too, and what is here is public.
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

/** A strong entity tag (RFC 9110 §8.8.3), by the one SHA-256 that every runtime has without waiting. */
function entityTag(body: string): string {
  return `"${AgentIntegrity.computeHash(body)}"`;
}

/** Whether `If-None-Match` names `etag`, by the weak comparison it asks for (RFC 9110 §8.8.3.2). */
function matches(ifNoneMatch: string | null, etag: string): boolean {
  if (ifNoneMatch === null) return false;
  const tags = ifNoneMatch.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.includes("*") || tags.includes(etag);
}

function isFunction(value: unknown, member: string): boolean {
  return typeof (value as Record<string, unknown> | null | undefined)?.[member] === "function";
}
