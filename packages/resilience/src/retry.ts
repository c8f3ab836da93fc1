import { abortable } from "./abortable.js";
import { type RetryConfig, type RetrySettings, readRetryConfig } from "./retry-config.js";
import { RetryError } from "./retry-error.js";

/** Failed attempt that another follows. */
export interface RetryAnnouncement {
  /** Number of the attempt that failed; the first is 1. */
  readonly attempt: number;
  readonly error: unknown;
  /** Time before the next attempt. */
  readonly delaySeconds: number;
}

export interface RetryOptions {
  /** Signal that ends the waiting and the attempt under way; its reason is thrown. Default: none. */
  readonly signal?: AbortSignal | undefined;
  /** Whether the error is worth another attempt. Default: every error is. An error that is not is thrown as it is. */
  readonly shouldRetry?: ((error: unknown, attempt: number) => boolean) | undefined;
  /** Is called before the wait for each further attempt. */
  readonly onRetry?: ((announcement: RetryAnnouncement) => void) | undefined;
}

/**
 * Calls `fn` until an attempt succeeds, and returns its result. After a failure it waits and tries again, `maxRetries` times
 * at most. The longest wait doubles each time (`exponentialBase`), up to `maxDelaySeconds`. The wait is a random part of it.
 *
 * An error with a number `retryAfterSeconds` (an answer's `Retry-After`, a `CircuitOpenError`) makes the wait at least that
 * long. If that is more than `maxDelaySeconds`, there is no further attempt.
 *
 * @param fn is given the number of the attempt, the first being 1, and the signal to stop on
 * @throws {RetryError} when the last attempt has failed.
 * @throws the reason of the signal when it is aborted, and the error that `shouldRetry` turned down.
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

/** Returns the wait before the next attempt, or `undefined` when the error asks for a longer one than is allowed. */
function delayAfter(error: unknown, attempt: number, settings: RetrySettings): number | undefined {
  const backoff = backoffSeconds(attempt, settings);
  const asked = (error as { readonly retryAfterSeconds?: unknown } | null | undefined)?.retryAfterSeconds;
  if (typeof asked !== "number" || Number.isNaN(asked)) return backoff;
  return asked > settings.maxDelaySeconds ? undefined : Math.max(asked, backoff);
}

/** Waits, and clears the timer as soon as the wait is over. */
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

/**
 * Returns the wait after failed attempt number `attempt` (the first is 1), in seconds: capped exponential backoff with full
 * jitter.
 */
function backoffSeconds(attempt: number, settings: RetrySettings): number {
  const { baseDelaySeconds, maxDelaySeconds, exponentialBase, jitter } = settings;
  const longest = Math.min(maxDelaySeconds, baseDelaySeconds * exponentialBase ** (attempt - 1));
  return jitter ? longest * secureRandom() : longest;
}

/** Returns a number from 0 to 1, 1 excluded, from the platform's secure randomness. */
function secureRandom(): number {
  const [word = 0] = crypto.getRandomValues(new Uint32Array(1));
  return word / 2 ** 32;
}
