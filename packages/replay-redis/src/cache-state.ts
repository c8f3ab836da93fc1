/** How a {@link RedisReplayCache} stands. */
export const CacheState = {
  /** Redis decides. */
  HEALTHY: "healthy",
  /** Redis cannot be used; this server decides by what it remembers itself. */
  DEGRADED: "degraded",
  /** Nothing can be decided: Redis cannot be used and there is no fall-back, or the cache is not open. */
  UNHEALTHY: "unhealthy",
} as const;
export type CacheState = (typeof CacheState)[keyof typeof CacheState];
