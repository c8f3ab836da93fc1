/** What a fetcher has done since it was made. Every lookup counts as one hit, miss or coalesced. */
export interface JWKSFetcherMetrics {
  /** Lookups answered from the cache at once. */
  readonly cacheHits: number;
  /** Lookups that started a fetch, and waited for it. */
  readonly cacheMisses: number;
  /** Lookups that waited for a fetch that another had started. */
  readonly coalesced: number;
  /** Lookups answered from a key set past its time, because its issuer cannot be asked. */
  readonly staleServed: number;
  /** Fetches that brought a key set. */
  readonly fetchSuccess: number;
  /** Fetches that did not, after all their attempts. */
  readonly fetchFailures: number;
  /** Attempts after a fetch's first. */
  readonly retries: number;
  /** Fetches that were not made, because the issuer has failed too often in a row. */
  readonly circuitBreakerRejections: number;
}

/** The same, still counting. */
export type FetchCounters = { -readonly [Name in keyof JWKSFetcherMetrics]: number };

/** Counters that start at 0. */
export function newFetchCounters(): FetchCounters {
  return {
    cacheHits: 0,
    cacheMisses: 0,
    coalesced: 0,
    staleServed: 0,
    fetchSuccess: 0,
    fetchFailures: 0,
    retries: 0,
    circuitBreakerRejections: 0,
  };
}
