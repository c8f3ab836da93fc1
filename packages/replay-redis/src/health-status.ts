import type { CacheMetrics } from "./cache-metrics.js";
import type { CacheState } from "./cache-state.js";
import type { Eviction } from "./eviction.js";

/** How a cache stands at one moment: a copy that does not change, without secrets. */
export interface HealthStatus {
  readonly state: CacheState;
  /** Whether this server decides by itself. */
  readonly usingFallback: boolean;
  /** Whether Redis answered the last time it was asked. */
  readonly redisConnected: boolean;
  readonly metrics: CacheMetrics;
  /** Whether Redis throws ids out before they expire when its memory is full. */
  readonly eviction: Eviction;
  /** Ids accepted while Redis was away that it does not have yet. */
  readonly unwrittenIds: number;
}
