export { REDIS_AVAILABLE } from "./connection/redis.js";
export type {
  ClaimOptions,
  ClusterRedis,
  KeyedCommands,
  NodeCommands,
  RedisClient,
  ScanOptions,
  ScanReply,
  SingleRedis,
} from "./connection/redis-client.js";
export { CommandTimeoutError } from "./errors/command-timeout-error.js";
export type { CacheEvent } from "./events.js";
export type { RedisConfig, RedisReplayCacheOptions } from "./options.js";
export { RedisReplayCache } from "./redis-replay-cache.js";
export type { Eviction } from "./status/eviction.js";
export { type CacheMetrics, CacheState, type HealthStatus } from "./status/health-status.js";
