import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const OPTIONS =
  "--noEmit --strict --module nodenext --target es2023 --types node --skipLibCheck --ignoreConfig";

describe("the README", () => {
  test("holds code that compiles as it stands, under strict settings", () => {
    // Inside the package, so that imports resolve as a user's would.
    const folder = mkdtempSync(`${root}readme-`);
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const readme = readFileSync(`${root}README.md`, "utf8");
    const files = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, source = ""], index) => {
      const file = `${folder}/block-${index}.ts`;
      writeFileSync(file, source);
      return file;
    });
    expect(files.length).toBe(3);
    execFileSync("tsc", [...OPTIONS.split(" "), ...files], { cwd: root, stdio: "pipe" });
  });
});
