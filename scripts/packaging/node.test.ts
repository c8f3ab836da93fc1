import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { entries } from "./support/entries.ts";
import { run } from "./support/run.ts";

const installed = (name: string) => join(import.meta.dirname, "node_modules", name, "bin/node");

/**
 * The Nodes that the packages are tried on: the oldest that they support, the one that the scripts run on, the newest,
 * and the one that `PACKAGES_NODE` names. The first and the third come from the registry, for Linux on x64.
 */
const NODES = [
  installed("node-oldest"),
  process.execPath,
  installed("node-newest"),
  ...(process.env["PACKAGES_NODE"] === undefined ? [] : [process.env["PACKAGES_NODE"]]),
].filter((node) => existsSync(node));

const consumer = inject("consumer");

test("there are three Nodes to try, where the registry has them", () => {
  if (process.platform === "linux" && process.arch === "x64") expect(NODES.length).toBeGreaterThanOrEqual(3);
  expect(NODES.length).toBeGreaterThanOrEqual(1);
});

describe.each(NODES)("on %s", (node) => {
  test("every entry loads by import and by require, with the same names", async () => {
    const imported = await namesByEntry(node, "import", (specifier) => `await import("${specifier}")`);
    const required = await namesByEntry(node, "require", (specifier) => `require("${specifier}")`);
    expect(required).toEqual(imported);
    expect(imported["@attest/core"]).toContain("AttestationVerifier");
  });
});

/** Returns the names of each entry, or why it does not load. */
async function namesByEntry(
  node: string,
  way: "import" | "require",
  load: (specifier: string) => string,
): Promise<Readonly<Record<string, readonly string[] | string>>> {
  const body = entries().map(
    ({ specifier }) => `try { found["${specifier}"] = names(${load(specifier)}); }
      catch (error) { found["${specifier}"] = "${way}: " + error; }`,
  );
  const program = `
    const found = {};
    // A module that require loads also has the names that say that it is one.
    const names = (all) => Object.keys(all).filter((name) => !/^(__esModule|module.exports)$/.test(name)).sort();
    ${body.join("\n")}
    console.log(JSON.stringify(found));`;
  const type = way === "import" ? "module" : "commonjs";
  return JSON.parse(await run(node, [`--input-type=${type}`, "--eval", program], consumer));
}
