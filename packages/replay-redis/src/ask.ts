import { CommandTimeoutError } from "./command-timeout-error.js";
import { isPassing } from "./failure.js";
import type { RedisClient } from "./redis-commands.js";
import type { RedisLink } from "./redis-link.js";

/** Sends one command and waits for its answer, `seconds` at most. @throws {CommandTimeoutError} after that. */
export function ask<T>(
  link: RedisLink,
  seconds: number,
  command: (client: RedisClient) => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    // When it was this process that stood still, the answer has arrived meanwhile: it is read before the immediate.
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

export interface AskAgainOptions {
  readonly socketTimeoutSeconds: number;
  readonly maxRetries: number;
  readonly retryDelaySeconds: number;
  /** Whether there is a point in going on: not once it is known that Redis cannot be used. */
  readonly goOn: () => boolean;
  readonly onRetry: (error: unknown) => void;
}

/**
 * Sends a command again when it fails in passing. All together it takes no longer than one time-out and the
 * delays: `socketTimeoutSeconds + maxRetries × retryDelaySeconds`.
 */
export async function askAgain<T>(
  link: RedisLink,
  { socketTimeoutSeconds, maxRetries, retryDelaySeconds, goOn, onRetry }: AskAgainOptions,
  command: (client: RedisClient) => Promise<T>,
): Promise<T> {
  let left = socketTimeoutSeconds;
  for (let retries = 0; ; retries++) {
    const sentAt = performance.now();
    try {
      return await ask(link, left, command);
    } catch (error) {
      left -= (performance.now() - sentAt) / 1000;
      if (retries === maxRetries || left <= 0 || !isPassing(error) || !goOn()) throw error;
      onRetry(error);
      await new Promise((resolve) => setTimeout(resolve, retryDelaySeconds * 1000));
      if (!goOn()) throw error;
    }
  }
}
