import { expect, test } from "vitest";
import { surfaceOf } from "../../../test-support/surface.ts";

// `pnpm run surface` writes the list anew.
test("the package exports these names and no others", async () => {
  expect(await surfaceOf(new URL("..", import.meta.url))).toMatchInlineSnapshot(`
    {
      ".": {
        "types": [
          "CacheEvent",
          "CacheMetrics",
          "ClaimOptions",
          "ClusterRedis",
          "Eviction",
          "HealthStatus",
          "KeyedCommands",
          "NodeCommands",
          "RedisClient",
          "RedisConfig",
          "RedisReplayCacheOptions",
          "ScanOptions",
          "ScanReply",
          "SingleRedis",
        ],
        "values": [
          "CacheState",
          "CommandTimeoutError",
          "REDIS_AVAILABLE",
          "RedisReplayCache",
        ],
      },
    }
  `);
});
