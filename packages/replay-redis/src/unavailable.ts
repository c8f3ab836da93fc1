import { AttestationError, AttestationErrorCode, isAttestationError } from "@attest/core";

/** The cache cannot tell, 1011. */
export function unavailable(detail: string, cause?: unknown): AttestationError {
  return new AttestationError(AttestationErrorCode.REPLAY_CACHE_UNAVAILABLE, detail, { cause });
}

/** The same because of `cause`, unless that says so already. */
export function cannotTell(cause: unknown): AttestationError {
  return isAttestationError(cause) ? cause : unavailable("Redis cannot be used now", cause);
}
