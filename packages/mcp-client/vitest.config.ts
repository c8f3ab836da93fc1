import { defineConfig } from "vitest/config";

export default defineConfig({ test: { name: "mcp-client", testTimeout: 20_000 } });
