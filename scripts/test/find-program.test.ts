import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { findOrInstall, type NeededProgram } from "../../test-support/find-program.ts";

const SNAKE: NeededProgram = {
  names: ["snake"],
  variable: "SNAKE_PATH",
  debianPackage: "snake",
  probe: ["-c", "import venom"],
  need: "the tests need a snake with venom",
};

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "attest-find-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** Makes a program that ends well when it is asked for this module. */
function snake(name: string, module: string): string {
  mkdirSync(join(folder, name));
  const path = join(folder, name, "snake");
  writeFileSync(path, `#!/bin/sh\n[ "$1 $2" = "-c import ${module}" ]\n`);
  chmodSync(path, 0o755);
  return path;
}

test("of two programs on PATH the one that has the needed module is found", async () => {
  snake("first", "scales");
  const second = snake("second", "venom");
  vi.stubEnv("PATH", [join(folder, "first"), join(folder, "second")].join(delimiter));
  expect(await findOrInstall(SNAKE)).toBe(second);
});

test("a program that its variable names and that lacks the module is an error, which says what is needed", async () => {
  vi.stubEnv("SNAKE_PATH", snake("first", "scales"));
  await expect(findOrInstall(SNAKE)).rejects.toThrow(
    /^SNAKE_PATH is set, and the tests need a snake with venom: /,
  );
});

test("a program that its variable names and that has the module is taken", async () => {
  const path = snake("first", "venom");
  vi.stubEnv("SNAKE_PATH", path);
  expect(await findOrInstall(SNAKE)).toBe(path);
});
