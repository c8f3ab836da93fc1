import type { AttestationObserver, Clock } from "@attest/core";
import {
  clock,
  count,
  flag,
  MAX_TIMER_SECONDS,
  type OptionsSpec,
  observer,
  optional,
  readOptions,
  type SettingsOf,
  seconds,
  text,
} from "@attest/core/internal";
import { type RedisClient, redisClient } from "./connection/redis-client.js";
import { redisUrl } from "./connection/redis-url.js";
import type { CacheEvent } from "./events.js";

/** The options of a {@link RedisReplayCache}. */
export interface RedisReplayCacheOptions {
  /**
   * The address of Redis: `redis://[user[:password]@]host[:port][/database]`, `rediss://…` over TLS, or
   * `unix:///path/to/socket`. User and password are percent-encoded. Default: `redis://localhost:6379`.
   */
  readonly url?: string | undefined;
  /**
   * A node-redis client, pool, cluster or sentinel of your own, instead of `url`. You connect it, listen to its
   * `error` events and close it. It must not have a `keyPrefix` of its own.
   */
  readonly client?: RedisClient | undefined;
  /**
   * The beginning of every key, at least one character. Servers that share it, in one Redis, refuse each other's
   * replays. Up to 8 characters, such as `jti:`, save 16 bytes per id. Default: `mcp_attestation:jti:`.
   */
  readonly keyPrefix?: string | undefined;
  /** The longest wait of `connect` for connections, in seconds. Reconnecting goes on after that. Default: 5 s. */
  readonly connectionTimeoutSeconds?: number | undefined;
  /** The longest wait for one command, in seconds. After that Redis counts as unavailable. Default: 2 s. */
  readonly socketTimeoutSeconds?: number | undefined;
  /** The number of times that a command is sent again when it failed without timing out. Default: 3. */
  readonly maxRetries?: number | undefined;
  /** The time before such a retry, and between probes of a Redis that is away, in seconds. Default: 0.5 s. */
  readonly retryDelaySeconds?: number | undefined;
  /** The time between probes of a Redis that works, in seconds. Default: 30 s. */
  readonly healthCheckIntervalSeconds?: number | undefined;
  /**
   * Whether this server decides by its own memory while Redis is away: then a token may be used once at each server
   * meanwhile. With `false` every check is refused (1011), at once. Default: `true`.
   */
  readonly fallbackEnabled?: boolean | undefined;
  /** The number of connections to `url`; commands are pipelined over them. Default: 10. */
  readonly poolSize?: number | undefined;
  /**
   * The most ids that this server remembers itself, in some 25 to 45 bytes each. Up to as many may be pending while
   * Redis is away, in some 150 bytes each. When it is full new ids are refused (1011). Default: 1,000,000, which is
   * 3000 tokens a second that live for 330 seconds.
   */
  readonly maxLocalEntries?: number | undefined;
  /** The clock of this server; Redis's own clock does not matter. Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** The observer of `cache_state_changed`, `cache_written_back` and `cache_evicts`. Default: none. */
  readonly observer?: AttestationObserver<CacheEvent> | undefined;
}

/** {@link RedisReplayCacheOptions} by the name that other implementations use. */
export type RedisConfig = RedisReplayCacheOptions;

/** {@link RedisReplayCacheOptions} with the defaults filled in. */
export type CacheSettings = SettingsOf<RedisReplayCacheOptions, "client" | "observer">;

/** The settings before `url` has its default: whether it was given has to be known. */
type GivenSettings = SettingsOf<RedisReplayCacheOptions, "client" | "observer" | "url">;

const DEFAULT_URL = "redis://localhost:6379";
const TIMER = { min: 0.001, max: MAX_TIMER_SECONDS };

const SPEC: OptionsSpec<GivenSettings> = {
  url: optional(redisUrl),
  client: optional(redisClient),
  keyPrefix: (value = "mcp_attestation:jti:", name) => text()(value, name),
  connectionTimeoutSeconds: seconds(5, TIMER),
  socketTimeoutSeconds: seconds(2, TIMER),
  maxRetries: count(3, { min: 0 }),
  retryDelaySeconds: seconds(0.5, TIMER),
  healthCheckIntervalSeconds: seconds(30, TIMER),
  fallbackEnabled: flag(true),
  poolSize: count(10),
  maxLocalEntries: count(1_000_000),
  clock: clock(),
  observer: observer(),
};

/** @throws {TypeError | RangeError} naming the option that is wrong, never the content of `url`. */
export function readCacheOptions(options: RedisReplayCacheOptions): CacheSettings {
  const given = readOptions("RedisReplayCache", options, SPEC);
  if (given.client !== undefined && given.url !== undefined)
    throw new TypeError("give RedisReplayCache either url or client, not both");
  return { ...given, url: given.url ?? DEFAULT_URL };
}
