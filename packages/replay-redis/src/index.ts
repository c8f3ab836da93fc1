export type { CacheMetrics } from "./cache-metrics.js";
export { CacheState } from "./cache-state.js";
export { CommandTimeoutError } from "./command-timeout-error.js";
export type { CacheEvent } from "./events.js";
export type { Eviction } from "./eviction.js";
export type { HealthStatus } from "./health-status.js";
export type { RedisConfig, RedisReplayCacheOptions } from "./options.js";
export { REDIS_AVAILABLE } from "./redis.js";
export type {
  ClaimOptions,
  ClusterRedis,
  KeyedCommands,
  NodeCommands,
  RedisClient,
  ScanReply,
  SingleRedis,
} from "./redis-commands.js";
export { RedisReplayCache } from "./redis-replay-cache.js";
