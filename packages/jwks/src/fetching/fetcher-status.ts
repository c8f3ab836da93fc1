/** Counters of a fetcher since it was made. Every look-up counts as one of hit, miss or coalesced. */
export interface JWKSFetcherMetrics {
  /** Look-ups answered from the cache at once. */
  readonly cacheHits: number;
  /** Look-ups that started a fetch and waited for it. */
  readonly cacheMisses: number;
  /** Look-ups that waited for a fetch which another look-up had started. */
  readonly coalesced: number;
  /** Look-ups answered from a key set past its time, because its issuer could not be asked. */
  readonly staleServed: number;
  /** Fetches that brought a key set. */
  readonly fetchSuccess: number;
  /** Fetches that failed after all their attempts. */
  readonly fetchFailures: number;
  /** Attempts after a fetch's first. */
  readonly retries: number;
  /** Fetches that were not made, because the issuer had failed too often in a row. */
  readonly circuitBreakerRejections: number;
}

/** {@link JWKSFetcherMetrics} that still count. */
export type FetchCounters = { -readonly [Name in keyof JWKSFetcherMetrics]: number };

/** Returns counters that start at 0. */
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

/** State of one issuer, as a fetcher sees it. */
export interface IssuerState {
  /** Issuer, escaped and cut for logs. */
  readonly issuer: string;
  /** State of the issuer's circuit breaker. An `"open"` one means that the issuer is not asked. */
  readonly circuit: "closed" | "open" | "half_open";
  /** Number of usable keys that are known; 0 when none was fetched yet. */
  readonly keyCount: number;
  /** Time of the latest successful fetch, in seconds since the Unix epoch; `null` when there was none. */
  readonly fetchedAt: number | null;
  /** Whether the keys are past their time. */
  readonly isStale: boolean;
  /** Messages of the error that ended the latest fetch, outermost first; `null` when it succeeded. */
  readonly lastFailure: readonly string[] | null;
}
