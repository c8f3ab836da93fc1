import { AttestationError, AttestationErrorCode } from "@attest/core";
import { printable } from "@attest/core/internal";

/**
 * Returns a refusal with 1010 (KEY_UNAVAILABLE): the only place where a failed fetch becomes one. Its `cause` is what went
 * wrong, and is for the server alone.
 */
export function keyUnavailable(issuer: string, cause: unknown): AttestationError {
  const detail = `the key set of "${printable(issuer)}" is unavailable`;
  return new AttestationError(AttestationErrorCode.KEY_UNAVAILABLE, detail, { cause });
}
