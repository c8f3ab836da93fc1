import type { RetrySettings } from "./retry-config.js";

/**
 * How long to wait after failed attempt number `attempt` (the first is 1), in seconds: capped exponential backoff
 * with full jitter.
 *
 * @param random a number from 0 to 1, 1 excluded
 */
export function backoffSeconds(attempt: number, settings: RetrySettings, random: () => number): number {
  const { baseDelaySeconds, maxDelaySeconds, exponentialBase, jitter } = settings;
  const longest = Math.min(maxDelaySeconds, baseDelaySeconds * exponentialBase ** (attempt - 1));
  return jitter ? longest * random() : longest;
}

/** A number from 0 to 1, 1 excluded, from the platform's secure randomness. */
export function secureRandom(): number {
  const [word = 0] = crypto.getRandomValues(new Uint32Array(1));
  return word / 2 ** 32;
}
