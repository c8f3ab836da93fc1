import { type AskOptions, ask } from "../../deadline.js";
import { AttestationError, AttestationErrorCode, isAttestationError } from "../../errors.js";
import { MAX_TIMER_SECONDS } from "../../options/option-kinds.js";
import { assertOptions } from "../../options/read-options.js";
import type { ReplayCache } from "../../ports.js";
import { assertSeconds } from "../../seconds.js";
import { type Check, defineOwnCheck } from "../check.js";
import { OPTION_NAMES } from "../option-names.js";

export interface ReplayOptions {
  readonly replayCache: ReplayCache;
  /** The `clockSkewSeconds` of the lifetime check: a token's id is remembered until `exp` plus this. Default 30. */
  readonly clockSkewSeconds?: number | undefined;
  /** How long the cache is waited for, in seconds; after that the token is refused, 1011. Default 10. */
  readonly cacheTimeoutSeconds?: number | undefined;
}

/**
 * Rejects a token that was used before, and burns it otherwise. The only check that writes, so it comes last: a
 * token that fails any other is not burned.
 */
export function replay(options: ReplayOptions): Check {
  assertOptions("replay", options, OPTION_NAMES);
  const { replayCache, clockSkewSeconds = 30, cacheTimeoutSeconds = 10 } = options;
  if (typeof replayCache?.checkAndAdd !== "function") {
    throw new TypeError("replayCache must be a ReplayCache: { checkAndAdd(id, exp), … }");
  }
  assertSeconds("clockSkewSeconds", clockSkewSeconds, { min: 0 });
  assertSeconds("cacheTimeoutSeconds", cacheTimeoutSeconds, { min: 0, max: MAX_TIMER_SECONDS });
  const bounds: AskOptions = {
    seconds: cacheTimeoutSeconds,
    onTimeout: () => unavailable(`the replay cache gave no answer within ${cacheTimeoutSeconds} seconds`),
    onFailure: (cause) => (isAttestationError(cause) ? cause : unavailable("the replay cache failed", cause)),
  };

  return defineOwnCheck("replay", ({ claims: { iss, jti, exp } }) =>
    ask<unknown, void>(
      // A jti has no line break, so the pair is unambiguous, and issuers cannot burn each other's ids.
      () => replayCache.checkAndAdd(`${jti}\n${iss}`, exp + clockSkewSeconds),
      bounds,
      assertNew,
    ),
  );
}

/** @throws {AttestationError} 1006 for `false`, and 1011 for an answer that is neither `true` nor `false`. */
function assertNew(isNew: unknown): void {
  if (isNew === false) {
    throw new AttestationError(AttestationErrorCode.REPLAY_DETECTED, "the token was used before");
  }
  if (isNew !== true) throw unavailable("the replay cache answered neither true nor false");
}

function unavailable(detail: string, cause?: unknown): AttestationError {
  return new AttestationError(AttestationErrorCode.REPLAY_CACHE_UNAVAILABLE, detail, { cause });
}
