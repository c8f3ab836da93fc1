import { describe, expect, test } from "vitest";
import { parseEviction } from "../src/status/eviction.js";

describe("parseEviction", () => {
  test.each([
    ["maxmemory:1000\r\nmaxmemory_policy:noeviction\r\n", { eviction: "none", policy: null }],
    ["maxmemory:0\r\nmaxmemory_policy:allkeys-lru\r\n", { eviction: "none", policy: null }],
    ["maxmemory:1000\r\nmaxmemory_policy:allkeys-lru\r\n", { eviction: "possible", policy: "allkeys-lru" }],
    ["maxmemory:1000\r\nmaxmemory_policy:volatile-ttl\r\n", { eviction: "possible", policy: "volatile-ttl" }],
    ["used_memory:1000\r\n", { eviction: "unknown", policy: null }],
    ["", { eviction: "unknown", policy: null }],
  ])("reads %j", (info, report) => {
    expect(parseEviction(info)).toEqual(report);
  });
});
