import { AttestationError, AttestationErrorCode, isAttestationError } from "@attest/core";
import { isMoved } from "./redis-replies.js";

/** Returns the error of a cache that cannot tell whether an id was used, 1011. */
export function unavailable(detail: string, cause?: unknown): AttestationError {
  return new AttestationError(AttestationErrorCode.REPLAY_CACHE_UNAVAILABLE, detail, { cause });
}

/** Returns `cause` when it is 1011 already, or else 1011 because of `cause`. */
export function unavailableBecause(cause: unknown): AttestationError {
  return isAttestationError(cause) ? cause : unavailable("Redis cannot be used now", cause);
}

/** Returns `error`, or an error that names the remedy when one node of a cluster was asked for another node's key. */
export function withClusterRemedy(error: unknown): unknown {
  if (!isMoved(error)) return error;
  return new Error(
    "this Redis is one node of a cluster and does not hold every key: instead of url, or of a client for one node, " +
      "give RedisReplayCache a client made by createCluster of the redis package",
    { cause: error },
  );
}
