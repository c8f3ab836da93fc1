/** What a cache has done since it was made. A check that could not be decided (1011) is neither hit nor miss. */
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

/** The same, still counting. */
export type CacheCounters = { -readonly [Name in keyof CacheMetrics]: number };

/** Counters that start at 0. */
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
