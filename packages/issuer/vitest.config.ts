import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { name: "issuer", testTimeout: 60_000 },
});
