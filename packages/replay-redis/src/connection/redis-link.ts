import { ConnectionPool } from "./connection-pool.js";
import { type ConnectionSettings, loadConnector } from "./redis.js";
import type { RedisClient } from "./redis-client.js";

/** The way to Redis. */
export interface RedisLink {
  /** Gives `command` a client to use. Rejects when there is none. */
  run<T>(command: (client: RedisClient) => Promise<T>): Promise<T>;
  /** Waits until Redis can be asked. Rejects when that takes too long or does not work. */
  ready(): Promise<void>;
  /** Ends what was opened here, and what is under way on it. */
  close(): void;
}

/** The settings of the way to Redis: a client of the user's, or connections of our own. */
export interface LinkSettings extends ConnectionSettings {
  readonly client?: RedisClient | undefined;
  readonly poolSize: number;
}

/**
 * Opens the way to Redis that the settings ask for, and does not wait for a connection.
 *
 * @throws {Error} when the `redis` package is needed and not installed.
 */
export async function openLink(
  settings: LinkSettings,
  onError: (error: unknown) => void,
): Promise<RedisLink> {
  if (settings.client !== undefined) return borrowedLink(settings.client);
  return new ConnectionPool(await loadConnector(settings), {
    size: settings.poolSize,
    timeoutSeconds: settings.connectionTimeoutSeconds,
    onError,
  });
}

/** Returns the way through a client that the user opened, and will close. */
export function borrowedLink(client: RedisClient): RedisLink {
  return {
    run: (command) => command(client),
    ready: async () => undefined,
    close: () => undefined,
  };
}
