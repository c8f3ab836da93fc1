import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  arrowsOf,
  fileGraph,
  findCircle,
  packageGraph,
  roomGraph,
  sourcesOf,
  withoutArrows,
} from "../import-graph.ts";
import { publicPackages } from "../package-metadata.ts";

/**
 * Arrows between rooms that run back, with nothing but types: a port or an event names what flows through it. No other
 * may be added; one that is gone is taken off the list.
 */
const TYPES_THAT_RUN_BACK: Readonly<Record<string, readonly string[]>> = {
  core: ["ports → keys/"],
  "mcp-server": ["context/ → guard/"],
};

test("packages import one another in one direction", () => {
  expect(findCircle(packageGraph())).toBeUndefined();
  expect(arrowsOf(packageGraph()).map((arrow) => arrow.join(" → "))).toEqual([
    "@attest/issuer → @attest/core",
    "@attest/issuer → @attest/jwks",
    "@attest/jwks → @attest/core",
    "@attest/jwks → @attest/resilience",
    "@attest/mcp-client → @attest/core",
    "@attest/mcp-server → @attest/core",
    "@attest/replay-redis → @attest/core",
  ]);
});

describe.each(publicPackages())("in $name", ({ name, folder }) => {
  const back = TYPES_THAT_RUN_BACK[name] ?? [];

  test("no circle of files, types included", () => {
    expect(fileGraph(folder).size).toBeGreaterThan(0);
    expect(findCircle(fileGraph(folder))).toBeUndefined();
  });

  test("no arrow between rooms that runs back, but for types that are named here", () => {
    expect(findCircle(withoutArrows(roomGraph(folder), back))).toBeUndefined();
    for (const arrow of back) {
      const others = back.filter((other) => other !== arrow);
      expect(
        findCircle(withoutArrows(roomGraph(folder), others)),
        `${arrow} does not run back`,
      ).toBeDefined();
    }
    const atRunTime = arrowsOf(roomGraph(folder, "values")).map((arrow) => arrow.join(" → "));
    expect(atRunTime.filter((arrow) => back.includes(arrow))).toEqual([]);
  });

  test("no lint rule on imports is switched off", () => {
    const suppressing = sourcesOf(folder).filter((file) =>
      readFileSync(join(folder, "src", file), "utf8").includes("noRestrictedImports"),
    );
    expect(suppressing).toEqual([]);
  });
});

test("circles are found: of files, and of rooms whose files have none", () => {
  const folder = mkdtempSync(join(tmpdir(), "attest-graph-"));
  const write = (file: string, code: string) => writeFileSync(join(folder, "src", file), code);
  try {
    mkdirSync(join(folder, "src/left"), { recursive: true });
    mkdirSync(join(folder, "src/right"));
    write(
      "left/a.ts",
      `/* import "./none.js"; */\nimport {\n  type B,\n  type C,\n} from "../right/b.js";\n`,
    );
    write("right/b.ts", `export const b = "x";\n`);
    write("right/c.ts", `const d = await import("../left/d.js");\n`);
    write("left/d.ts", `export * from "./e.js";\n`);
    write("left/e.ts", "export type E = 1;\n");
    expect(findCircle(fileGraph(folder))).toBeUndefined();
    expect(findCircle(roomGraph(folder))).toEqual(["left/", "right/", "left/"]);
    expect(findCircle(roomGraph(folder, "values"))).toBeUndefined();
    write("left/e.ts", `import type { D } from "./d.js";\n`);
    expect(findCircle(fileGraph(folder))).toEqual(["left/d.ts", "left/e.ts", "left/d.ts"]);
    write("left/e.ts", `import "./gone.js";\n`);
    expect(() => fileGraph(folder)).toThrow("left/e.ts imports ./gone.js, which is not there");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
