import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { name: "demo-provider", testTimeout: 20_000 },
});
