import { abortable } from "./abortable.js";
import { backoffSeconds, secureRandom } from "./backoff.js";
import { type RetryConfig, type RetrySettings, readRetryConfig } from "./retry-config.js";
import { RetryError } from "./retry-error.js";

/** An attempt failed, and another follows. */
export interface RetryAnnouncement {
  /** The number of the attempt that failed; the first is 1. */
  readonly attempt: number;
  readonly error: unknown;
  /** How long the next one waits. */
  readonly delaySeconds: number;
}

export interface RetryOptions {
  /** Ends the waiting and the attempt under way; its reason is thrown. Default: nothing does. */
  readonly signal?: AbortSignal | undefined;
  /** Whether the error is worth another attempt. Default: every one is. What it turns down is thrown as it is. */
  readonly shouldRetry?: ((error: unknown, attempt: number) => boolean) | undefined;
  /** Is told of each attempt that is to follow, before the wait. */
  readonly onRetry?: ((announcement: RetryAnnouncement) => void) | undefined;
}

/**
 * What `fn` returns, as soon as one attempt succeeds. After a failure it waits and tries again, `maxRetries`
 * times at most; the wait doubles each time (`exponentialBase`) up to `maxDelaySeconds`, of which a random part is
 * waited.
 *
 * An error with a number `retryAfterSeconds` (an answer's `Retry-After`, a `CircuitOpenError`) is waited for that
 * long at least; if that is more than `maxDelaySeconds`, there is no other attempt.
 *
 * @param fn is given the number of the attempt, the first being 1, and the signal to stop on
 * @throws {RetryError} when the last attempt has failed.
 * @throws what the signal was aborted with, and what `shouldRetry` turned down.
 * @throws {TypeError | RangeError} naming the option that is wrong, before the first attempt.
 */
export async function retry<T>(
  fn: (attempt: number, signal: AbortSignal) => Promise<T>,
  config: RetryConfig = {},
  { signal = new AbortController().signal, shouldRetry = () => true, onRetry }: RetryOptions = {},
): Promise<T> {
  const settings = readRetryConfig(config);
  signal.throwIfAborted();
  for (let attempt = 1; ; attempt++) {
    try {
      return await abortable(fn(attempt, signal), signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!shouldRetry(error, attempt)) throw error;
      const delaySeconds = attempt > settings.maxRetries ? undefined : delayAfter(error, attempt, settings);
      if (delaySeconds === undefined) throw new RetryError(attempt, error);
      onRetry?.({ attempt, error, delaySeconds });
      await sleep(delaySeconds, signal);
    }
  }
}

/** `undefined` when the error asks for a longer wait than is allowed. */
function delayAfter(error: unknown, attempt: number, settings: RetrySettings): number | undefined {
  const backoff = backoffSeconds(attempt, settings, secureRandom);
  const asked = (error as { readonly retryAfterSeconds?: unknown } | null | undefined)?.retryAfterSeconds;
  if (typeof asked !== "number" || Number.isNaN(asked)) return backoff;
  return asked > settings.maxDelaySeconds ? undefined : Math.max(asked, backoff);
}

/** Its timer is cleared as soon as nobody waits for it any more. */
async function sleep(seconds: number, signal: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const elapsed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, seconds * 1000);
  });
  try {
    await abortable(elapsed, signal);
  } finally {
    clearTimeout(timer);
  }
}
