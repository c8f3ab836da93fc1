import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { publicPackages, ROOT, stampManifest } from "../package-metadata.ts";

const licence = readFileSync(join(ROOT, "LICENSE"), "utf8");

describe.each(publicPackages())("the package $name", ({ name, folder, manifest }) => {
  test("says what it is, and under which words it is found", () => {
    expect(manifest["description"]).toMatch(/^[A-Z].{20,140}\.$/);
    expect(new Set(manifest.keywords).size).toBeGreaterThanOrEqual(5);
    expect(manifest.keywords?.filter((keyword) => !/^[a-z][a-z0-9-]*$/.test(keyword))).toEqual([]);
  });

  test("carries the repository's licence", () => {
    expect(manifest.license).toBe("MIT");
    expect(readFileSync(join(folder, "LICENSE"), "utf8")).toBe(licence);
  });

  test("is published as every other", () => {
    expect(manifest["publishConfig"]).toEqual({ access: "public" });
    expect(manifest["engines"]).toEqual({ node: ">=22.12" });
    expect(manifest["type"]).toBe("module");
  });

  test("has the addresses of the repository's home, and no others: `pnpm run stamp` writes them", () => {
    expect(manifest).toEqual(stampManifest({ name, manifest }));
  });
});

test("addresses follow from the repository's home", () => {
  const manifest = { name: "@attest/core", version: "1.0.0", homepage: "elsewhere" };
  expect(stampManifest({ name: "core", manifest }, "https://git.example/attest")).toEqual({
    name: "@attest/core",
    version: "1.0.0",
    homepage: "https://git.example/attest/tree/main/packages/core#readme",
    bugs: "https://git.example/attest/issues",
    repository: { type: "git", url: "git+https://git.example/attest.git", directory: "packages/core" },
  });
  expect(stampManifest({ name: "core", manifest }, undefined)).toEqual({
    name: "@attest/core",
    version: "1.0.0",
  });
});
