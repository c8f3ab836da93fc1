import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { name: "resilience", testTimeout: 60_000 },
});
