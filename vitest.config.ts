import { defineConfig } from "vitest/config";

// What the projects have in common they repeat: they do not inherit from here.
export default defineConfig({ test: { projects: ["packages/*", "apps/*", "scripts"] } });
