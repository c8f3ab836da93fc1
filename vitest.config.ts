import { defineConfig } from "vitest/config";
import { LeftOutReporter } from "./test-support/left-out-reporter.ts";

// The projects do not inherit from here, so each repeats the settings that all have in common.
export default defineConfig({
  test: {
    projects: ["packages/*", "apps/*", "scripts"],
    reporters: ["default", new LeftOutReporter()],
  },
});
