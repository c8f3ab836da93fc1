import { type AskOptions, ask } from "../../deadline.js";
import { AttestationError, AttestationErrorCode, isAttestationError } from "../../errors.js";
import { having, MAX_TIMER_SECONDS, seconds } from "../../options/option-kinds.js";
import { type OptionsSpec, readOptions } from "../../options/read-options.js";
import type { ReplayCache } from "../../ports.js";
import { type Check, defineOwnCheck } from "../check.js";
import { singleUse } from "../single-use.js";

export interface ReplayOptions {
  readonly replayCache: ReplayCache;
  /** How long the cache is waited for, in seconds; after that the token is refused, 1011. Default: 10 s. */
  readonly cacheTimeoutSeconds?: number | undefined;
}

/** Readers of {@link ReplayOptions}. */
export const REPLAY_OPTIONS: OptionsSpec<{ replayCache: ReplayCache; cacheTimeoutSeconds: number }> = {
  replayCache: having<ReplayCache>("a ReplayCache: { checkAndAdd(id, exp), … }", "checkAndAdd"),
  cacheTimeoutSeconds: seconds(10, { max: MAX_TIMER_SECONDS }),
};

/**
 * Rejects a token that was used before, 1006, and burns it otherwise; of a bound token the proof. The only check that
 * writes, so it comes last: what fails any other is not burned.
 */
export function replay(options: ReplayOptions): Check {
  const { replayCache, cacheTimeoutSeconds } = readOptions("replay", options, REPLAY_OPTIONS);
  const bounds: AskOptions = {
    seconds: cacheTimeoutSeconds,
    onTimeout: () => unavailable(`the replay cache gave no answer within ${cacheTimeoutSeconds} seconds`),
    onFailure: (cause) => (isAttestationError(cause) ? cause : unavailable("the replay cache failed", cause)),
  };

  return defineOwnCheck(
    "replay",
    (context) => {
      const { id, until } = singleUse(context);
      const what = context.proof === undefined ? "token" : "proof";
      return ask<unknown, void>(
        () => replayCache.checkAndAdd(id, until),
        bounds,
        (isNew) => assertNew(isNew, what),
      );
    },
    { reads: { replayCache, cacheTimeoutSeconds } },
  );
}

/** @throws {AttestationError} 1006 for `false`, and 1011 for an answer that is neither `true` nor `false`. */
function assertNew(isNew: unknown, what: "token" | "proof"): void {
  if (isNew === false) {
    throw new AttestationError(AttestationErrorCode.REPLAY_DETECTED, `the ${what} was used before`);
  }
  if (isNew !== true) throw unavailable("the replay cache answered neither true nor false");
}

function unavailable(detail: string, cause?: unknown): AttestationError {
  return new AttestationError(AttestationErrorCode.REPLAY_CACHE_UNAVAILABLE, detail, { cause });
}
