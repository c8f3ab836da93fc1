import type { SingleRedis } from "./redis-commands.js";

/*
 * The one place where node-redis comes in. It is loaded when the first connection is made, so that importing this
 * package works without it: whoever brings a client of their own does not need it here.
 */

/** One connection, which reconnects by itself. */
export interface Connection extends SingleRedis {
  readonly isReady: boolean;
  connect(): Promise<unknown>;
  destroy(): void;
  on(event: "ready" | "error", listener: (error?: unknown) => void): unknown;
}

export interface ConnectionSettings {
  readonly url: string;
  readonly connectionTimeoutSeconds: number;
  readonly socketTimeoutSeconds: number;
  readonly retryDelaySeconds: number;
}

/** The longest time between attempts to reconnect, in milliseconds. */
const LONGEST_RECONNECT_DELAY = 3000;

/** Whether the `redis` package can be resolved from where this package is installed. */
export const REDIS_AVAILABLE: boolean = isResolvable();

function isResolvable(): boolean {
  try {
    import.meta.resolve("redis");
    return true;
  } catch {
    return false;
  }
}

/**
 * What makes connections to one Redis.
 *
 * @throws {Error} saying how to get it, when the `redis` package is not installed.
 */
export async function loadConnector(settings: ConnectionSettings): Promise<() => Connection> {
  const { createClient } = await import("redis").catch((cause: unknown) => {
    throw new Error(
      "RedisReplayCache needs the redis package, which cannot be loaded: npm install redis, or bring a client of your own",
      { cause },
    );
  });
  const silence = settings.socketTimeoutSeconds * 1000;
  return () =>
    createClient({
      url: settings.url,
      socket: {
        connectTimeout: settings.connectionTimeoutSeconds * 1000,
        // A connection on which nothing comes is given up and made anew. It is later than our own time-out of a
        // command, and the pings keep idle connections from being taken for dead ones.
        socketTimeout: Math.ceil(silence * 2),
        reconnectStrategy: (retries) => reconnectDelay(retries, settings.retryDelaySeconds * 1000),
      },
      pingInterval: Math.max(1, Math.floor(silence * 0.75)),
      // What cannot be sent fails at once, instead of waiting for who knows how long.
      disableOfflineQueue: true,
      // Ours is cheaper: theirs makes an AbortSignal per command, and ends with the sending.
      commandOptions: { timeout: undefined as unknown as number },
      maintNotifications: "disabled",
    }) as unknown as Connection;
}

/** The first attempt follows at once; later ones wait twice as long each, and not all servers in step. */
function reconnectDelay(retries: number, delay: number): number {
  if (retries === 0) return Math.floor(Math.random() * 50);
  const longest = Math.min(LONGEST_RECONNECT_DELAY, (delay / 2) * 2 ** Math.min(retries, 10));
  return Math.ceil(longest * (0.5 + Math.random() / 2));
}
