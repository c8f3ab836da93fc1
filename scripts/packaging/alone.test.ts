import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { type Manifest, publicPackages, ROOT } from "../package-metadata.ts";
import { entries } from "./support/entries.ts";
import { run } from "./support/run.ts";

const tarballs = inject("tarballs");
const packages = publicPackages();

/** Ways in which a user installs one packed package. Its siblings are not on the registry yet. */
const MANAGERS = [
  {
    manager: "npm",
    install: ["install", "--no-audit", "--no-fund"],
    write: (folder: string, name: string) => {
      const siblings = Object.fromEntries(siblingsOf(name).map((sibling) => [sibling, fileOf(sibling)]));
      writeManifest(folder, { dependencies: { [name]: fileOf(name), ...siblings } });
    },
  },
  {
    manager: "pnpm",
    install: ["install", "--no-frozen-lockfile"],
    write: (folder: string, name: string) => {
      const overrides = siblingsOf(name).map((sibling) => `  "${sibling}": "${fileOf(sibling)}"\n`);
      writeManifest(folder, { dependencies: { [name]: fileOf(name) } });
      writeFileSync(join(folder, "pnpm-workspace.yaml"), `packages: []\noverrides:\n${overrides.join("")}`);
    },
  },
] as const;

describe.each(MANAGERS)("$manager, with no lockfile", ({ manager, install, write }) => {
  test.each(packages)(
    "installs $name alone with the newest of its dependencies, and it loads",
    async ({ manifest }) => {
      const folder = mkdtempSync(join(tmpdir(), "attest-alone-"));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      write(folder, manifest.name);
      await run(manager, install, folder);
      for (const { specifier } of entries(manifest.name)) {
        // Its optional peer is not installed.
        if (specifier === "@attest/core/sodium") continue;
        const program = `console.log(Object.keys(await import("${specifier}")).length)`;
        expect(
          Number(await run(process.execPath, ["--input-type=module", "--eval", program], folder)),
        ).toBeGreaterThan(0);
      }
    },
  );
});

test("the README's line for pnpm installs every packed package", async () => {
  const folder = mkdtempSync(join(tmpdir(), "attest-pnpm-line-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [packed, project] = [join(folder, "packed"), join(folder, "project")];
  mkdirSync(packed);
  mkdirSync(project);
  for (const tarball of Object.values(tarballs)) {
    // Without the hash that keeps caches from taking one for another.
    copyFileSync(tarball, join(packed, basename(tarball).replace(/^[0-9a-f]{12}-/, "")));
  }
  const [line = ""] = /^\(echo overrides:.*$/m.exec(readFileSync(join(ROOT, "README.md"), "utf8")) ?? [];
  expect(line).toContain("/tmp/attest");
  writeManifest(project, {});
  await run("sh", ["-c", line.replaceAll("/tmp/attest", packed)], project);
  for (const { manifest } of packages) {
    const isInstalled = join(project, "node_modules", manifest.name, "package.json");
    expect(JSON.parse(readFileSync(isInstalled, "utf8"))).toMatchObject({ name: manifest.name });
  }
  await run(process.execPath, ["--input-type=module", "--eval", `await import("@attest/jwks")`], project);
});

/** Returns the packages of this repository that a package needs, directly or not. */
function siblingsOf(name: string): readonly string[] {
  const direct = Object.keys(manifestOf(name).dependencies ?? {}).filter((other) => other in tarballs);
  return [...new Set([...direct, ...direct.flatMap(siblingsOf)])].sort();
}

function manifestOf(name: string): Manifest {
  const found = packages.find(({ manifest }) => manifest.name === name);
  if (found === undefined) throw new Error(`${name} is no package of this repository`);
  return found.manifest;
}

function fileOf(name: string): string {
  return `file:${tarballs[name]}`;
}

function writeManifest(folder: string, content: object): void {
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module", ...content }));
}
