import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "../package-metadata.ts";

interface Twins {
  readonly files: readonly [string, string];
  /** Why they are not one file. */
  readonly reason: string;
}

const TWINS: readonly Twins[] = [
  {
    files: ["core/src/brand.ts", "resilience/src/brand.ts"],
    reason: "resilience imports no sibling",
  },
  {
    files: ["mcp-client/src/available.ts", "mcp-server/src/available.ts"],
    reason: "import.meta has to be that of the package, and core has no types of Node",
  },
];

/** Code of a source file without its comments, and without the texts in it, which may differ. */
function codeOf(file: string): string {
  return readFileSync(join(ROOT, "packages", file), "utf8")
    .replaceAll(/\/\*[\s\S]*?\*\/\n?|^\s*\/\/.*\n/gm, "")
    .replaceAll(/"[^"\n]*"/g, '""');
}

describe("files that stand twice on purpose", () => {
  test.each(TWINS)("$files have the same code, because $reason", ({ files: [one, other] }) => {
    expect(codeOf(one)).toContain("export ");
    expect(codeOf(other)).toBe(codeOf(one));
  });
});
