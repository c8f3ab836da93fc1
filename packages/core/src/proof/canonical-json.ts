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
  // A member's name stands like this in the text. So does the end of some longer names, which are no harm.
  if (text.includes('__proto__":') && hasPrototypeMember(JSON.parse(text))) {
    throw noHash("the request has a member named __proto__");
  }
  return text;
}

/** Whether an object in `root` has a member named `__proto__`. Keeps a list of its own, so that no nesting is too deep. */
function hasPrototypeMember(root: unknown): boolean {
  const open: unknown[] = [root];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== "object" || value === null) continue;
    if (Object.hasOwn(value, "__proto__")) return true;
    for (const member of Object.values(value)) open.push(member);
  }
  return false;
}

function noHash(detail: string, cause?: unknown): AttestationError {
  return new AttestationError(AttestationErrorCode.INVALID_PROOF, detail, { check: "proof", cause });
}
