import { type AttestationObserver, type Clock, systemClock } from "@attest/core";
import { assertOptions, assertSeconds, kindOf, MAX_TIMER_SECONDS } from "@attest/core/internal";
import { assertClient, assertRedisUrl, assertWhole } from "./assert-options.js";
import type { CacheEvent } from "./events.js";
import type { RedisClient } from "./redis-commands.js";

export interface RedisReplayCacheOptions {
  /**
   * Where Redis is: `redis://[user[:password]@]host[:port][/database]`, `rediss://…` over TLS, or
   * `unix:///path/to/socket`. Default `redis://localhost:6379`.
   */
  readonly url?: string | undefined;
  /**
   * Instead of `url`: a node-redis client, pool, cluster or sentinel of your own. You connect it, listen to its
   * `error` events and close it. It must not have a `keyPrefix` of its own.
   */
  readonly client?: RedisClient | undefined;
  /**
   * What the keys begin with, at least one character. Default `mcp_attestation:jti:`. Servers that share it, in
   * one Redis, refuse each other's replays. Up to 8 characters save 16 bytes per id.
   */
  readonly keyPrefix?: string | undefined;
  /** How long `connect` waits for connections, in seconds. Default 5. Reconnecting goes on after that. */
  readonly connectionTimeoutSeconds?: number | undefined;
  /** How long one command is waited for, in seconds; after that Redis counts as unavailable. Default 2. */
  readonly socketTimeoutSeconds?: number | undefined;
  /** How often a command that failed, but did not time out, is sent again. Default 3. */
  readonly maxRetries?: number | undefined;
  /** The time before such a retry, and between looks at a Redis that is away, in seconds. Default 0.5. */
  readonly retryDelaySeconds?: number | undefined;
  /** How often a Redis that is not away is looked at, in seconds. Default 30. */
  readonly healthCheckIntervalSeconds?: number | undefined;
  /**
   * Whether this server decides by its own memory while Redis is away. Default `true`: then a token may be used
   * once at each server meanwhile. With `false` every check is refused (1011), at once.
   */
  readonly fallbackEnabled?: boolean | undefined;
  /** How many connections are opened to `url`; commands are pipelined over them. Default 10. */
  readonly poolSize?: number | undefined;
  /**
   * The most ids that this server remembers itself, in some 25 to 45 bytes each; up to as many may wait to be
   * written to Redis, in some 150 bytes each. When it is full new ids are refused (1011). Default 1,000,000:
   * 3000 tokens a second that live for 330 seconds.
   */
  readonly maxLocalEntries?: number | undefined;
  /** Default: the system's clock. Redis's own clock does not matter. */
  readonly clock?: Clock | undefined;
  /** Is told of `cache_state_changed`, `cache_written_back` and `cache_evicts`. */
  readonly observer?: AttestationObserver<CacheEvent> | undefined;
}

/** The same by the name it has elsewhere. */
export type RedisConfig = RedisReplayCacheOptions;

const OPTIONS = [
  "url",
  "client",
  "keyPrefix",
  "connectionTimeoutSeconds",
  "socketTimeoutSeconds",
  "maxRetries",
  "retryDelaySeconds",
  "healthCheckIntervalSeconds",
  "fallbackEnabled",
  "poolSize",
  "maxLocalEntries",
  "clock",
  "observer",
] as const satisfies readonly (keyof RedisReplayCacheOptions)[];

type Optional = "client" | "observer";

/** {@link RedisReplayCacheOptions} with the defaults filled in. */
export type CacheSettings = Pick<RedisReplayCacheOptions, Optional> & {
  readonly [Option in Exclude<keyof RedisReplayCacheOptions, Optional>]-?: NonNullable<
    RedisReplayCacheOptions[Option]
  >;
};

/** @throws {TypeError | RangeError} naming the option that is wrong, never the content of `url`. */
export function readOptions(options: RedisReplayCacheOptions): CacheSettings {
  assertOptions("RedisReplayCache", options, OPTIONS);
  if (options.client !== undefined && options.url !== undefined)
    throw new TypeError("give either url or client, not both");
  const settings: CacheSettings = {
    url: options.url ?? "redis://localhost:6379",
    client: options.client,
    keyPrefix: options.keyPrefix ?? "mcp_attestation:jti:",
    connectionTimeoutSeconds: options.connectionTimeoutSeconds ?? 5,
    socketTimeoutSeconds: options.socketTimeoutSeconds ?? 2,
    maxRetries: options.maxRetries ?? 3,
    retryDelaySeconds: options.retryDelaySeconds ?? 0.5,
    healthCheckIntervalSeconds: options.healthCheckIntervalSeconds ?? 30,
    fallbackEnabled: options.fallbackEnabled ?? true,
    poolSize: options.poolSize ?? 10,
    maxLocalEntries: options.maxLocalEntries ?? 1_000_000,
    clock: options.clock ?? systemClock,
    observer: options.observer,
  };
  assertRedisUrl(settings.url);
  assertClient(settings.client);
  if (typeof settings.keyPrefix !== "string" || settings.keyPrefix === "")
    throw new TypeError("keyPrefix must be a string of at least one character");
  for (const option of [
    "connectionTimeoutSeconds",
    "socketTimeoutSeconds",
    "retryDelaySeconds",
    "healthCheckIntervalSeconds",
  ] as const)
    assertSeconds(option, settings[option], { min: 0.001, max: MAX_TIMER_SECONDS });
  assertWhole("maxRetries", settings.maxRetries, 0);
  assertWhole("poolSize", settings.poolSize, 1);
  assertWhole("maxLocalEntries", settings.maxLocalEntries, 1);
  if (typeof settings.fallbackEnabled !== "boolean")
    throw new TypeError(`fallbackEnabled must be true or false, got ${kindOf(settings.fallbackEnabled)}`);
  if (typeof settings.clock?.now !== "function") throw new TypeError("clock must be a Clock: { now() }");
  if (settings.observer !== undefined && typeof settings.observer.record !== "function")
    throw new TypeError("observer must be an AttestationObserver: { record(event) }");
  return settings;
}
