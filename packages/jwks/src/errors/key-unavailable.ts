import { AttestationError, AttestationErrorCode } from "@attest/core";
import { printable } from "@attest/core/internal";

/** 1010 (KEY_UNAVAILABLE), with what went wrong as its `cause`. */
export function keyUnavailable(issuer: string, cause: unknown): AttestationError {
  const detail = `the key set of "${printable(issuer)}" cannot be had`;
  return new AttestationError(AttestationErrorCode.KEY_UNAVAILABLE, detail, { cause });
}
