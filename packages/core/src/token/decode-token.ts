import { AttestationError } from "../errors.js";
import { kindOf, printable } from "../printable.js";
import type { AttestationClaims } from "./claims.js";
import { type CompactJws, parseJsonSegment, splitCompactJws } from "./compact-jws.js";
import { KnownHeaders } from "./known-headers.js";
import { readClaims } from "./read-claims.js";
import { readTokenHeader, type TokenHeader } from "./token-header.js";

/** A token taken apart and checked for its shape. Nothing in it is verified. */
export interface DecodedToken extends Pick<CompactJws, "signature" | "signingInput"> {
  readonly header: TokenHeader;
  readonly claims: AttestationClaims;
}

/**
 * A token taken apart, its header and claims well formed.
 *
 * @throws {AttestationError} 1007 or 1008 when it is not an attestation token.
 */
export function parseToken(token: string, maxBytes?: number): DecodedToken {
  const { header, payload, signature, signingInput } = splitCompactJws(token, maxBytes);
  return {
    header: headers.of(header),
    claims: readClaims(parseJsonSegment(payload, "payload")),
    signature,
    signingInput,
  };
}

const headers = new KnownHeaders<TokenHeader>(readTokenHeader);

/**
 * Returns what a token claims, **without verifying any of it**: anybody can write such a token. For display and
 * debugging only; to trust a token, verify it.
 *
 * @throws {AttestationError} 1007 or 1008 when it is not an attestation token. Here alone its message says what exactly is
 *   wrong: who decodes a token is nobody's peer.
 * @throws {TypeError} when `token` is no string.
 */
export function decodeToken(token: string): {
  readonly header: TokenHeader;
  readonly claims: AttestationClaims;
} {
  if (typeof token !== "string") throw new TypeError(`token must be a string, got ${kindOf(token)}`);
  try {
    const { header, claims } = parseToken(token);
    return { header, claims };
  } catch (error) {
    if (error instanceof AttestationError && error.detail !== undefined) explain(error, error.detail);
    throw error;
  }
}

function explain(error: AttestationError, detail: string): void {
  const { message, stack } = error;
  const explained = `${message} In detail: ${printable(detail)}.`;
  error.message = explained;
  // A stack begins with the message as it was when the error was made.
  if (stack !== undefined) error.stack = stack.replace(message, () => explained);
}
