import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { replayCacheContract } from "../../src/testing.js";

const run = promisify(execFile);
const core = fileURLToPath(new URL("../..", import.meta.url));
const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

/** The programs of the README that use `@attest/core/testing`. That they compile is tested with all the READMEs. */
const [issuing = "", caching = "", ...others] = [...readme.matchAll(/^```ts\n([\s\S]*?)^```/gm)]
  .map(([, source = ""]) => source)
  .filter((source) => source.includes('from "@attest/core/testing"'));

describe("the README on testing", () => {
  // Inside the package, so that it resolves by its name as for a user.
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(`${core}guide-`);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function outputOf(name: string, source: string): Promise<string> {
    writeFileSync(`${folder}/${name}`, source);
    const env = { ...process.env, NODE_NO_WARNINGS: "1" };
    const { stdout, stderr } = await run(process.execPath, [name], { cwd: folder, env });
    expect(stderr).toBe("");
    return stdout;
  }

  test("has two programs", () => {
    expect(issuing).toContain("TestIssuer");
    expect(caching).toContain("replayCacheContract");
    expect(others).toEqual([]);
  });

  test("has a program with an issuer, whose tokens are verified and refused as it says", async () => {
    const promised = [...issuing.matchAll(/ \/\/ → (.+)$/gm)].map(([, line]) => `${line}\n`).join("");
    expect(promised).toMatch(/^verified\n1006\n/);
    expect(await outputOf("issuing.ts", issuing)).toBe(promised);
  });

  test("has a program in which the replay cache in memory keeps every rule", async () => {
    const names = replayCacheContract.map(({ name }) => `${name}\n`).join("");
    expect(await outputOf("caching.ts", caching)).toBe(names);
  });
});
