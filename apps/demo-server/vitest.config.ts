import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    name: "demo-server",
    globalSetup: "../../packages/replay-redis/test/support/install-redis.ts",
    testTimeout: 60_000,
  },
});
