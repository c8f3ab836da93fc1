import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string) => fileURLToPath(new URL(`src/${path}`, import.meta.url));

export default defineConfig({
  // Tests run the sources; without this the package's own import conditions would bring in what was built.
  resolve: {
    alias: {
      "#ed25519": source("keys/ed25519.node.ts"),
      "#base64url": source("encoding/base64url.node.ts"),
      "#sha256": source("encoding/sha256.node.ts"),
    },
  },
  test: { name: "core", isolate: false, testTimeout: 60_000 },
});
