import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { name: "demo-provider", testTimeout: 60_000 },
});
