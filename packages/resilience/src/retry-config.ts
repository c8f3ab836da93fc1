import { assertNumber, MAX_TIMER_SECONDS } from "./assert-number.js";
import { assertOptions } from "./assert-options.js";

export interface RetryConfig {
  /** How many more attempts follow a failed first one. Default 3; 0 for none. */
  readonly maxRetries?: number | undefined;
  /** The longest wait before the second attempt, in seconds. Default 0.5. */
  readonly baseDelaySeconds?: number | undefined;
  /**
   * The longest wait before any attempt, in seconds. Default 10. Who asks for a longer one (`Retry-After`) is not
   * asked again.
   */
  readonly maxDelaySeconds?: number | undefined;
  /** By how much the longest wait grows from one attempt to the next. Default 2. */
  readonly exponentialBase?: number | undefined;
  /**
   * Default `true`: each wait is a random part of the longest, so that many who failed together do not come back
   * together. `false`: always the longest.
   */
  readonly jitter?: boolean | undefined;
}

const OPTIONS = ["maxRetries", "baseDelaySeconds", "maxDelaySeconds", "exponentialBase", "jitter"];

/** {@link RetryConfig} with the defaults filled in. */
export type RetrySettings = { readonly [Option in keyof RetryConfig]-?: NonNullable<RetryConfig[Option]> };

/**
 * The config with its defaults: for who takes one as an option, and refuses a wrong one at once.
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
