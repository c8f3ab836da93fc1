import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { ROOT } from "../package-metadata.ts";
import { entries } from "./support/entries.ts";
import { run } from "./support/run.ts";

const consumer = inject("consumer");
const here = (name: string) => join(import.meta.dirname, "node_modules", name, "bin/tsc");
const COMPILERS = [
  ["5.7", here("typescript-oldest")],
  ["6.0", here("typescript-6")],
  ["7.0", join(ROOT, "node_modules/typescript/bin/tsc")],
] as const;

/** As strict as it gets, and the libraries' own declarations are checked as well. */
const STRICT = {
  target: "es2023",
  lib: ["es2023", "esnext.disposable", "dom"],
  types: ["node"],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  noImplicitOverride: true,
  isolatedModules: true,
  skipLibCheck: false,
  noEmit: true,
};

const program = entries()
  .map(({ specifier }, i) => `import * as e${i} from "${specifier}";\nexport const k${i}: object = e${i};\n`)
  .join("");

describe.each(COMPILERS)("TypeScript %s", (version, compiler) => {
  test.each([
    ["nodenext", "nodenext"],
    ["bundler", "esnext"],
  ])(
    "compiles a program that uses every entry, with moduleResolution %s",
    async (moduleResolution, module) => {
      expect(await run(process.execPath, [compiler, "--version"], consumer)).toContain(`Version ${version}`);
      const folder = mkdtempSync(join(consumer, "program-"));
      writeFileSync(join(folder, "program.ts"), program);
      writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
      const compilerOptions = { ...STRICT, module, moduleResolution };
      writeFileSync(
        join(folder, "tsconfig.json"),
        JSON.stringify({ compilerOptions, files: ["program.ts"] }),
      );
      expect(await run(process.execPath, [compiler, "-p", folder], consumer)).toBe("");
    },
  );
});
