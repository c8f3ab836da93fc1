import { globSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };

const dist = fileURLToPath(new URL("../../dist", import.meta.url));

/** The `node` sides of the package's import conditions: nothing else may know Node. */
const nodeOnly = Object.values(manifest.imports)
  .map(({ node }) => node.replace("./dist/", ""))
  .sort();

const files = globSync("**/*.{js,d.ts}", { cwd: dist }).sort();

/** Returns the modules that a built file loads, statically and dynamically. */
function specifiersIn(file: string): readonly string[] {
  const code = readFileSync(`${dist}/${file}`, "utf8");
  return [...code.matchAll(/\b(?:from|import|require)\s*\(?\s*["']([^"'\n]+)["']/g)].map(
    ([, specifier = ""]) => specifier,
  );
}

describe("the built package", () => {
  test("takes something from Node behind its import conditions and nowhere else", () => {
    expect(nodeOnly).toEqual([
      "encoding/base64url.node.js",
      "encoding/sha256.node.js",
      "keys/ed25519.node.js",
    ]);
    const takers = files.filter((file) => specifiersIn(file).some(isBuiltin));
    expect(takers).toEqual(nodeOnly);
  });

  test("reaches those files through the conditions and in no other way", () => {
    const importers = files.filter((file) =>
      specifiersIn(file).some((specifier) => specifier.endsWith(".node.js")),
    );
    expect(importers).toEqual([]);
  });

  test("brings no types of Node's or the browser's into a program that uses it", () => {
    const directives = files.filter((file) =>
      /^\/\/\/\s*<reference/m.test(readFileSync(`${dist}/${file}`, "utf8")),
    );
    expect(directives).toEqual([]);
  });
});
