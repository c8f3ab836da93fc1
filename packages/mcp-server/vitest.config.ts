import { defineConfig } from "vitest/config";

export default defineConfig({ test: { name: "mcp-server", testTimeout: 20_000 } });
