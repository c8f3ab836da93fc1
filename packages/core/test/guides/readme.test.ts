import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const core = fileURLToPath(new URL("../..", import.meta.url));
const readme = readFileSync(`${core}README.md`, "utf8");

describe("the README's section on bound tokens", { timeout: 60_000 }, () => {
  // Inside the package, so that it resolves by its name as for a user.
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(`${core}guide-`);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("has a program that accepts and refuses as it says", async () => {
    const [, source = ""] = /```ts\n(\/\/ bound\.ts\n[\s\S]*?)```/.exec(readme) ?? [];
    writeFileSync(`${folder}/bound.ts`, source);
    const env = { ...process.env, NODE_NO_WARNINGS: "1" };
    const { stdout, stderr } = await run(process.execPath, ["bound.ts"], { cwd: folder, env });
    expect(stderr).toBe("");
    expect(source.match(/ \/\/ → .+$/gm)).toEqual([" // → true", " // → 1012"]);
    // The first line is printed in a loop of two.
    expect(stdout).toBe("true\ntrue\n1012\n");
  });
});
