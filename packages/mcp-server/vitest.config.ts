import { fileURLToPath } from "node:url";
import { configDefaults, defineConfig } from "vitest/config";

const oldestStdioClient = fileURLToPath(new URL("test/sdk-range/oldest-stdio-client.ts", import.meta.url));

// Everything twice: on the newest SDK, and on the oldest that the peer range lets in.
export default defineConfig({
  test: {
    name: "mcp-server",
    testTimeout: 60_000,
    projects: [
      { test: { name: "newest SDK" } },
      {
        resolve: {
          alias: [
            { find: "@modelcontextprotocol/sdk/client/stdio.js", replacement: oldestStdioClient },
            { find: /^@modelcontextprotocol\/sdk\//, replacement: "sdk-oldest/" },
          ],
        },
        test: {
          name: "oldest SDK",
          env: { SDK: "oldest" },
          // Left out: other programs, which bring the SDK that they are made with, and attacks, which take long.
          exclude: [...configDefaults.exclude, "test/interop/**", "test/security/**"],
        },
      },
    ],
  },
});
