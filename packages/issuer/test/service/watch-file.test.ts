import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { fileState, watchForChange } from "../../src/service/watch-file.js";

test("a file that changed between its reading and the watching is noticed, once, and so is one that goes and comes", async () => {
  const folder = mkdtempSync(join(tmpdir(), "attest-watch-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "file");
  writeFileSync(file, "one");
  const before = fileState(file);
  writeFileSync(file, "other");
  let changes = 0;
  const end = watchForChange(file, before, () => changes++);
  onTestFinished(end);
  await expect.poll(() => changes, { timeout: 3000 }).toBe(1);
  rmSync(file);
  await expect.poll(() => changes, { timeout: 3000 }).toBe(2);
  writeFileSync(file, "one");
  await expect.poll(() => changes, { timeout: 3000 }).toBe(3);
});
