import type { SingleRedis } from "./redis-client.js";

/*
 * The one place where node-redis comes in. It is loaded when the first connection is made: a server with a client of
 * its own does not need it here, and no server waits for it at its start.
 */

/** A connection that reconnects by itself. */
export interface Connection extends SingleRedis {
  readonly isReady: boolean;
  connect(): Promise<unknown>;
  destroy(): void;
  on(event: "ready" | "error", listener: (error?: unknown) => void): unknown;
}

/** The settings of a connection. */
export interface ConnectionSettings {
  readonly url: string;
  readonly connectionTimeoutSeconds: number;
  readonly socketTimeoutSeconds: number;
  readonly retryDelaySeconds: number;
}

/** The longest time between attempts to reconnect, in milliseconds. */
const MAX_RECONNECT_DELAY = 3000;

const importRedis = () => import("redis");

/** Whether the `redis` package is part of this bundle, or can be resolved from where this package is installed. */
export const REDIS_AVAILABLE: boolean = isBundled() || isResolvable();

/** Whether a bundler has put its own module in the place of `import("redis")`. */
function isBundled(): boolean {
  return !/(["'`])redis\1/.test(String(importRedis));
}

function isResolvable(): boolean {
  try {
    if (typeof import.meta.resolve === "function") import.meta.resolve("redis");
    // In a CommonJS bundle `import.meta` is empty.
    else process.getBuiltinModule("node:module").createRequire(__filename).resolve("redis");
    return true;
  } catch {
    return false;
  }
}

/**
 * Returns a function that makes connections to one Redis.
 *
 * @throws {Error} naming the remedy, when the `redis` package is not installed.
 */
export async function loadConnector(settings: ConnectionSettings): Promise<() => Connection> {
  const { createClient } = await importRedis().catch((cause: unknown) => {
    throw new Error(
      "RedisReplayCache needs the redis package, which cannot be loaded: npm install redis, or give it a client",
      { cause },
    );
  });
  const silence = settings.socketTimeoutSeconds * 1000;
  return () =>
    createClient({
      url: settings.url,
      socket: {
        connectTimeout: settings.connectionTimeoutSeconds * 1000,
        // A silent connection is given up and made anew. That is later than our own time-out of a command, and the
        // pings keep idle connections from being taken for dead ones.
        socketTimeout: Math.ceil(silence * 2),
        reconnectStrategy: (retries) => reconnectDelay(retries, settings.retryDelaySeconds * 1000),
      },
      pingInterval: Math.max(1, Math.floor(silence * 0.75)),
      // A command that cannot be sent fails at once, instead of waiting without a limit.
      disableOfflineQueue: true,
      // Our own time-out is cheaper: node-redis makes an AbortSignal per command, and stops it when the command is sent.
      commandOptions: { timeout: undefined as unknown as number },
      maintNotifications: "disabled",
    }) as unknown as Connection;
}

/** Returns milliseconds. The first attempt follows at once; later ones wait twice as long each, not all servers in step. */
function reconnectDelay(retries: number, delay: number): number {
  if (retries === 0) return Math.floor(Math.random() * 50);
  const longest = Math.min(MAX_RECONNECT_DELAY, (delay / 2) * 2 ** Math.min(retries, 10));
  return Math.ceil(longest * (0.5 + Math.random() / 2));
}
