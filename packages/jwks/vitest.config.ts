import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: {
    // Tests run the sources; without this the package's own import condition would bring in the built fetch.
    alias: {
      "#outbound-fetch": fileURLToPath(new URL("src/outbound/outbound-fetch.node.ts", import.meta.url)),
    },
  },
  test: { name: "jwks", testTimeout: 60_000 },
});
