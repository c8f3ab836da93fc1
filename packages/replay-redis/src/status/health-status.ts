import type { Eviction } from "./eviction.js";

/** The states of a {@link RedisReplayCache}. */
export const CacheState = {
  /** Redis decides. */
  HEALTHY: "healthy",
  /** Redis cannot be used; this server decides by its own memory. */
  DEGRADED: "degraded",
  /** Every check is refused: Redis cannot be used and there is no fall-back, or the cache is not open. */
  UNHEALTHY: "unhealthy",
} as const;
export type CacheState = (typeof CacheState)[keyof typeof CacheState];

/** Counters since a cache was made. A check that could not be decided (1011) is neither hit nor miss. */
export interface CacheMetrics {
  /** Calls of `checkAndAdd`. */
  readonly checks: number;
  /** Checks whose id was known. */
  readonly hits: number;
  /** Checks whose id was new, or had expired already. */
  readonly misses: number;
  /** Ids that were refused because they had been used, and ids found on write-back to have been used elsewhere. */
  readonly replaysDetected: number;
  /** Commands and connections that failed, with their retries. */
  readonly redisErrors: number;
  /** Times this server began to decide by itself. */
  readonly fallbackActivations: number;
  /** Times Redis was trusted again after it could not be used. */
  readonly reconnections: number;
}

/** {@link CacheMetrics} that are still counting. */
export type CacheCounters = { -readonly [Name in keyof CacheMetrics]: number };

/** Returns counters that start at 0. */
export function newCacheCounters(): CacheCounters {
  return {
    checks: 0,
    hits: 0,
    misses: 0,
    replaysDetected: 0,
    redisErrors: 0,
    fallbackActivations: 0,
    reconnections: 0,
  };
}

/** State and metrics of a cache at one moment: a copy that does not change, without secrets. */
export interface HealthStatus {
  readonly state: CacheState;
  /** Whether this server decides by itself. */
  readonly usingFallback: boolean;
  /** Whether Redis answered the last time it was asked. */
  readonly redisConnected: boolean;
  readonly metrics: CacheMetrics;
  /** Whether Redis evicts ids that have not expired when its memory is full. */
  readonly eviction: Eviction;
  /** Ids accepted while Redis was away that it does not have yet. */
  readonly pendingIds: number;
}
