import { assertNumber, assertOptions, MAX_TIMER_SECONDS } from "./options.js";

export interface RetryConfig {
  /** Number of attempts after a failed first one. Default: 3. */
  readonly maxRetries?: number | undefined;
  /** Longest wait before the second attempt, in seconds. Default: 0.5 s. */
  readonly baseDelaySeconds?: number | undefined;
  /**
   * Longest wait before any attempt, in seconds. Default: 10 s. An error that asks for a longer one (`Retry-After`) is the
   * last.
   */
  readonly maxDelaySeconds?: number | undefined;
  /** Factor by which the longest wait grows from one attempt to the next. Default: 2. */
  readonly exponentialBase?: number | undefined;
  /**
   * Whether each wait is a random part of the longest, so that callers that failed together do not come back together.
   * Default: `true`. Otherwise every wait is the longest.
   */
  readonly jitter?: boolean | undefined;
}

const OPTIONS = ["maxRetries", "baseDelaySeconds", "maxDelaySeconds", "exponentialBase", "jitter"];

/** {@link RetryConfig} with the defaults filled in. */
export type RetrySettings = { readonly [Option in keyof RetryConfig]-?: NonNullable<RetryConfig[Option]> };

/**
 * Returns the config with its defaults. Use it where a config is an option, to refuse a wrong one at once.
 *
 * @throws {TypeError | RangeError} naming the option that is wrong.
 */
export function readRetryConfig(config: RetryConfig): RetrySettings {
  assertOptions("retry", config, OPTIONS);
  const { maxRetries = 3, baseDelaySeconds = 0.5, maxDelaySeconds = 10, exponentialBase = 2 } = config;
  const { jitter = true } = config;
  assertNumber("maxRetries", maxRetries, { min: 0, whole: true });
  assertNumber("baseDelaySeconds", baseDelaySeconds, { min: 0, max: MAX_TIMER_SECONDS });
  assertNumber("maxDelaySeconds", maxDelaySeconds, { min: 0, max: MAX_TIMER_SECONDS });
  assertNumber("exponentialBase", exponentialBase, { min: 1 });
  if (typeof jitter !== "boolean") throw new TypeError(`jitter must be a boolean, got ${typeof jitter}`);
  return { maxRetries, baseDelaySeconds, maxDelaySeconds, exponentialBase, jitter };
}
