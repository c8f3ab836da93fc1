import { mergeConfig } from "vitest/config";
import config from "./vitest.config.js";

/** Mutants are tried on the sources; what tests the build, the guides or other runtimes cannot see them. */
export default mergeConfig(config, {
  test: {
    exclude: ["test/{portability,guides,interop}/**", "test/{sodium,surface}.test.ts", "**/node_modules/**"],
  },
});
