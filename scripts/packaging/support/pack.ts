import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { publicPackages } from "../../package-metadata.ts";
import { BESIDE } from "./entries.ts";
import { run } from "./run.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The packed file of each package, by the package's name. */
    tarballs: Readonly<Record<string, string>>;
    /** A project in which every package is installed. */
    consumer: string;
  }
}

const TOOLS = join(import.meta.dirname, "..");

/** Packs every package, and installs all of them together in a project of their own. */
export async function setup(project: TestProject): Promise<() => void> {
  if (!existsSync(join(TOOLS, "node_modules/typescript-oldest")))
    await run("pnpm", ["install", "--ignore-workspace", "--frozen-lockfile", "--prefer-offline"], TOOLS);
  const folder = mkdtempSync(join(tmpdir(), "attest-packaging-"));
  const tarballs = await packAll(join(folder, "packed"));
  const consumer = join(folder, "consumer");
  mkdirSync(consumer);
  const dependencies = Object.fromEntries(
    Object.entries(tarballs).map(([name, tarball]) => [name, `file:${tarball}`]),
  );
  writeFileSync(
    join(consumer, "package.json"),
    JSON.stringify({ private: true, dependencies: { ...dependencies, ...BESIDE } }),
  );
  await run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline"], consumer);
  project.provide("tarballs", tarballs);
  project.provide("consumer", consumer);
  return () => rmSync(folder, { recursive: true, force: true });
}

/** Packs every package into files named after what is in them, so that no cache takes one for another. */
async function packAll(destination: string): Promise<Readonly<Record<string, string>>> {
  const packed = await Promise.all(
    publicPackages().map(async ({ name, folder, manifest }) => {
      const own = join(destination, name);
      mkdirSync(own, { recursive: true });
      await run("pnpm", ["pack", "--pack-destination", own], folder);
      const [file = ""] = readdirSync(own);
      const content = readFileSync(join(own, file));
      const tarball = join(
        destination,
        `${createHash("sha256").update(content).digest("hex").slice(0, 12)}-${file}`,
      );
      writeFileSync(tarball, content);
      return [manifest.name, tarball] as const;
    }),
  );
  return Object.fromEntries(packed);
}
