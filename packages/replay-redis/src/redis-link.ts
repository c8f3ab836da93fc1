import type { RedisClient } from "./redis-commands.js";

/** The way to Redis. */
export interface RedisLink {
  /** Gives `command` a client to use; rejects when there is none. */
  run<T>(command: (client: RedisClient) => Promise<T>): Promise<T>;
  /** Waits until Redis can be asked; rejects when that takes too long or does not work. */
  ready(): Promise<void>;
  /** Ends what was opened here, and what is under way on it. */
  close(): void;
}

/** The way through a client that the user opened, and will close. */
export function borrowedLink(client: RedisClient): RedisLink {
  return {
    run: (command) => command(client),
    ready: async () => undefined,
    close: () => undefined,
  };
}
