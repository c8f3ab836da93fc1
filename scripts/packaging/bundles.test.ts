import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Format } from "esbuild";
import { describe, expect, inject, test } from "vitest";
import { entries } from "./support/entries.ts";
import { run } from "./support/run.ts";

const consumer = inject("consumer");

/** CommonJS that is bundled into an ES module calls `require`; esbuild's documentation has this remedy. */
const REQUIRE =
  'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

/** A program for each entry, which prints the entry and for how many names it stands. */
const programs = entries().map(({ specifier }) => ({
  specifier,
  name: specifier.replaceAll(/\W+/g, "-").slice(1),
}));

describe.each(["esm", "cjs", "iife"] satisfies Format[])("esbuild's format %s", (format) => {
  test("takes every entry, and the bundles run", async () => {
    for (const { specifier, name } of programs) {
      const program = `import * as all from "${specifier}"; console.log("${specifier}", Object.keys(all).length >= 0);`;
      writeFileSync(join(consumer, `${name}.js`), program);
    }
    const extension = format === "esm" ? ".mjs" : ".cjs";
    const { warnings } = await build({
      entryPoints: programs.map(({ name }) => `${name}.js`),
      absWorkingDir: consumer,
      bundle: true,
      format,
      platform: "node",
      target: "node22",
      external: ["sodium-native"],
      outdir: `bundles-${format}`,
      outExtension: { ".js": extension },
      banner: format === "esm" ? { js: REQUIRE } : {},
      logLevel: "silent",
    });
    expect(warnings.map(({ text }) => text)).toEqual([]);
    const all = programs
      .map(({ name }) => `await import("./bundles-${format}/${name}${extension}");`)
      .join("");
    const printed = await run(process.execPath, ["--input-type=module", "--eval", all], consumer);
    expect(printed.trim().split("\n")).toEqual(programs.map(({ specifier }) => `${specifier} true`));
  });
});
