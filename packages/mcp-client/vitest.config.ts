import { defineConfig } from "vitest/config";

// Everything twice: on the newest SDK, and on the oldest that the peer range lets in.
export default defineConfig({
  test: {
    name: "mcp-client",
    testTimeout: 60_000,
    projects: [
      { test: { name: "newest SDK" } },
      {
        resolve: { alias: [{ find: /^@modelcontextprotocol\/sdk\//, replacement: "sdk-oldest/" }] },
        test: { name: "oldest SDK", env: { SDK: "oldest" } },
      },
    ],
  },
});
