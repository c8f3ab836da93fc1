import { createClient, createCluster } from "redis";
import { describe, expect, test } from "vitest";
import { RedisReplayCache, type RedisReplayCacheOptions } from "../src/index.js";

describe("the options of RedisReplayCache", () => {
  test.each([
    [{ url: 5 }, /^url must be a string, got number/],
    [{ url: "localhost:6379" }, /^url must be/],
    [{ url: "redis://" }, /^url must be/],
    [{ url: "redis://localhost/jobs" }, /^url may end with the number of a database/],
    [{ url: "redis://:100%@localhost" }, /^url must have percent-encoded .* % is %25$/],
    [{ url: "redis://localhost", client: createClient() }, /^give RedisReplayCache either url or client/],
    [{ client: {} }, /no set\(\)/],
    [{ client: createClient({ keyPrefix: "app:" }) }, /^client must not have a keyPrefix/],
    [{ client: createCluster({ rootNodes: [], keyPrefix: "app:" }) }, /^client must not have a keyPrefix/],
    [{ keyPrefix: "" }, /^keyPrefix must be/],
    [{ connectionTimeoutSeconds: 0 }, /^connectionTimeoutSeconds must be/],
    [{ socketTimeoutSeconds: Number.NaN }, /^socketTimeoutSeconds must be/],
    [{ retryDelaySeconds: -1 }, /^retryDelaySeconds must be/],
    [{ healthCheckIntervalSeconds: 3e6 }, /^healthCheckIntervalSeconds must be/],
    [{ maxRetries: 1.5 }, /^maxRetries must be/],
    [{ poolSize: 0 }, /^poolSize must be/],
    [{ maxLocalEntries: "many" }, /^maxLocalEntries must be .* got string/],
    [{ fallbackEnabled: "no" }, /^fallbackEnabled must be true or false/],
    [{ clock: {} }, /^clock must be/],
    [{ clock: Date.now }, /^clock must be a Clock: .*Date\.now\(\) \/ 1000/],
    [{ observer: {} }, /^observer must be/],
    [{ fallbackEnable: false }, /unknown option "fallbackEnable"; did you mean "fallbackEnabled"/],
    [new Map(), /^RedisReplayCache takes an object of options/],
  ])("are refused when wrong, by name: %o", (options, message) => {
    expect(() => new RedisReplayCache(options as RedisReplayCacheOptions)).toThrow(message);
  });

  test("are read from a class with getters, too", () => {
    class Config {
      get keyPrefix() {
        return "";
      }
    }
    expect(() => new RedisReplayCache(new Config())).toThrow(/^keyPrefix must be/);
  });

  test.each([
    {},
    { url: "redis://user:password@localhost:6379/3" },
    { url: "redis://us%20er:100%25@localhost" },
    { url: "rediss://localhost" },
    { url: "unix:///run/redis.sock" },
    { client: createClient() },
    { client: createCluster({ rootNodes: [] }) },
  ])("are taken when right: %o", (options) => {
    expect(new RedisReplayCache(options).state).toBe("unhealthy");
  });
});
