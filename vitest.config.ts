import { defineConfig } from "vitest/config";
import { LeftOutReporter } from "./test-support/left-out-reporter.ts";

// What the projects have in common they repeat: they do not inherit from here.
export default defineConfig({
  test: {
    projects: ["packages/*", "apps/*", "scripts"],
    reporters: ["default", new LeftOutReporter()],
    // Many tests wait for other processes. On two cores Vitest would run one file at a time.
    maxWorkers: 2,
  },
});
