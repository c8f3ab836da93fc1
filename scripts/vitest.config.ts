import { defineConfig } from "vitest/config";

/** The tests of the repository as a whole: what is published, who imports whom, where links lead. */
export default defineConfig({
  test: { name: "repository", include: ["test/**/*.test.ts"], testTimeout: 30_000 },
});
