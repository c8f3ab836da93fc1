import { CommandTimeoutError } from "../errors/command-timeout-error.js";
import { isPassing } from "../errors/redis-replies.js";
import type { RedisClient } from "./redis-client.js";
import type { RedisLink } from "./redis-link.js";

/** Sends a command and waits for its answer, `seconds` at most. @throws {CommandTimeoutError} after that. */
export function send<T>(
  link: RedisLink,
  seconds: number,
  command: (client: RedisClient) => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    // When this process stood still, the answer has arrived meanwhile: it is read before the immediate.
    const expire = () => setImmediate(() => reject(new CommandTimeoutError(seconds)));
    const timer = setTimeout(expire, seconds * 1000);
    const settle = <Args extends readonly unknown[]>(how: (...args: Args) => void) => {
      return (...args: Args) => {
        clearTimeout(timer);
        how(...args);
      };
    };
    link.run(command).then(settle(resolve), settle(reject));
  });
}

/** The settings of {@link sendWithRetries}. */
export interface RetryOptions {
  readonly socketTimeoutSeconds: number;
  readonly maxRetries: number;
  readonly retryDelaySeconds: number;
  /** Whether a retry may help: not once Redis is known to be unusable. */
  readonly mayRetry: () => boolean;
  /** Called before every retry. */
  readonly onRetry: (error: unknown) => void;
}

/**
 * Sends a command again when it fails in passing. In total it takes no longer than one time-out and the delays:
 * `socketTimeoutSeconds + maxRetries × retryDelaySeconds`.
 */
export async function sendWithRetries<T>(
  link: RedisLink,
  { socketTimeoutSeconds, maxRetries, retryDelaySeconds, mayRetry, onRetry }: RetryOptions,
  command: (client: RedisClient) => Promise<T>,
): Promise<T> {
  let left = socketTimeoutSeconds;
  for (let retries = 0; ; retries++) {
    const sentAt = performance.now();
    try {
      return await send(link, left, command);
    } catch (error) {
      left -= (performance.now() - sentAt) / 1000;
      if (retries === maxRetries || left <= 0 || !isPassing(error) || !mayRetry()) throw error;
      onRetry(error);
      await new Promise((resolve) => setTimeout(resolve, retryDelaySeconds * 1000));
      if (!mayRetry()) throw error;
    }
  }
}
