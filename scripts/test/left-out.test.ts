import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { CHROMIUM, howToGet, NGINX, REDIS } from "../../test-support/find-program.ts";
import { ROOT } from "../package-metadata.ts";

/** Test files that start one of the programs themselves; `.ci/full` leaves it out of all tests. */
const files = globSync("{packages,apps}/*/test/**/*.test.ts", { cwd: ROOT }).filter((file) =>
  /RedisServer|RedisCluster|CHROMIUM|NGINX/.test(readFileSync(join(ROOT, file), "utf8")),
);

test("tests that need Redis, Chromium or nginx are left out by name where there is none, and nothing fails", {
  timeout: 120_000,
}, () => {
  expect(files.length).toBeGreaterThan(10);
  // The reporters come from the configuration, so that it is its last lines that are seen.
  const { CI: _, ...env } = process.env;
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(ROOT, "node_modules/vitest/vitest.mjs"), "run", "--project", "!repository", ...files],
    {
      cwd: ROOT,
      encoding: "utf8",
      env: { ...env, [REDIS.variable]: "", [CHROMIUM.variable]: "", [NGINX.variable]: "" },
    },
  );
  const lines = stripVTControlCharacters(stdout).trimEnd().split("\n");
  expect(status, stdout).toBe(0);
  expect(lines.slice(-3)).toEqual(
    expect.arrayContaining([
      expect.stringMatching(new RegExp(`^left out \\(\\d+\\): ${escaped(howToGet(REDIS))}$`)),
      expect.stringMatching(new RegExp(`^left out \\(1\\): ${escaped(howToGet(CHROMIUM))}$`)),
      expect.stringMatching(new RegExp(`^left out \\(2\\): ${escaped(howToGet(NGINX))}$`)),
    ]),
  );
});

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
