import { defineConfig } from "vitest/config";

/** What is published, as its users meet it. Needs the registry, so it is no part of `pnpm test`. */
export default defineConfig({
  test: {
    name: "packaging",
    root: import.meta.dirname,
    globalSetup: "support/pack.ts",
    testTimeout: 120_000,
    hookTimeout: 240_000,
  },
});
