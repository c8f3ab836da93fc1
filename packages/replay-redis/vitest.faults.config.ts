import { defineConfig } from "vitest/config";

/** The fault and concurrency runs at full size; a minute or two. */
export default defineConfig({
  test: {
    name: "replay-redis faults",
    include: ["test/faults/**/*.test.ts"],
    globalSetup: "test/support/install-redis.ts",
    env: { ATTEST_FAULTS: "full" },
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 60_000,
  },
});
