import { expect, test } from "vitest";
import { pageWithTree } from "../architecture-tree.ts";

test("the tree in docs/architecture.md is that of the sources: `pnpm run tree` draws it", () => {
  const { now, drawn } = pageWithTree();
  expect(drawn).toContain("packages/core/src/\n");
  expect(now).toBe(drawn);
});
