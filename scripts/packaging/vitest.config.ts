import { defineConfig } from "vitest/config";

/** Tests of the packages as users install them. They need the registry, so they are no part of `pnpm test`. */
export default defineConfig({
  test: {
    name: "packaging",
    root: import.meta.dirname,
    globalSetup: "support/pack.ts",
    testTimeout: 120_000,
    hookTimeout: 240_000,
  },
});
