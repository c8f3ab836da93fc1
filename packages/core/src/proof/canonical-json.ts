import canonicalize from "canonicalize";
import { AttestationError, AttestationErrorCode } from "../errors.js";

/**
 * Returns the one canonical JSON text of `value` (JCS, RFC 8785), of which two parties can take the same hash.
 *
 * @throws {AttestationError} 1012 when `value` has none (a lone surrogate, a number that is not finite, a circle), or has
 *   a member named `__proto__`, on which parsers differ.
 */
export function canonicalJson(value: object): string {
  let text: string | undefined;
  try {
    text = canonicalize(value);
  } catch (cause) {
    throw noHash("the request has no canonical JSON form (RFC 8785)", cause);
  }
  if (text === undefined) throw noHash("the request has no JSON form");
  if (MEMBER_PROTO.some((member) => text.includes(member))) {
    throw noHash("the request has a member named __proto__");
  }
  return text;
}

/** How a member of that name begins in canonical text, and nothing else does: inside of a string a quote is escaped. */
const MEMBER_PROTO: readonly string[] = ['{"__proto__":', ',"__proto__":'];

function noHash(detail: string, cause?: unknown): AttestationError {
  return new AttestationError(AttestationErrorCode.INVALID_PROOF, detail, { check: "proof", cause });
}
