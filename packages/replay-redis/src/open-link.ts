import { ConnectionPool } from "./connection-pool.js";
import type { CacheSettings } from "./options.js";
import { loadConnector } from "./redis.js";
import { borrowedLink, type RedisLink } from "./redis-link.js";

/**
 * The way to Redis that the settings ask for; it is not waited for.
 *
 * @throws {Error} when the `redis` package is needed and not installed.
 */
export async function openLink(
  settings: CacheSettings,
  onError: (error: unknown) => void,
): Promise<RedisLink> {
  if (settings.client !== undefined) return borrowedLink(settings.client);
  return new ConnectionPool(await loadConnector(settings), {
    size: settings.poolSize,
    timeoutSeconds: settings.connectionTimeoutSeconds,
    onError,
  });
}
