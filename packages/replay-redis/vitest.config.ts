import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    name: "replay-redis",
    globalSetup: "test/support/install-redis.ts",
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
