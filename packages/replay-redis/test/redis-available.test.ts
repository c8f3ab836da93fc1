import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Format } from "esbuild";
import { describe, expect, onTestFinished, test } from "vitest";
import { REDIS_AVAILABLE } from "../src/index.js";

const folderOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

interface Installed {
  readonly redis: boolean;
}

/** Installs this package, with or without `redis`, in a new folder. */
function install({ redis }: Installed): string {
  const folder = mkdtempSync(join(tmpdir(), "attest-redis-available-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const modules = join(folder, "node_modules/@attest");
  mkdirSync(modules, { recursive: true });
  cpSync(folderOf("../dist"), join(modules, "replay-redis/dist"), { recursive: true });
  cpSync(folderOf("../package.json"), join(modules, "replay-redis/package.json"));
  symlinkSync(folderOf("../../core"), join(modules, "core"));
  if (redis) symlinkSync(folderOf("../node_modules/redis"), join(folder, "node_modules/redis"));
  return folder;
}

/** Runs the file in a process of its own. Returns what it prints, as JSON. */
function run(folder: string, file: string): unknown {
  // pnpm sets NODE_PATH, where this package's own redis is.
  const { NODE_PATH: _, ...env } = process.env;
  return JSON.parse(execFileSync(process.execPath, [file], { cwd: folder, env }).toString());
}

/** Connects to a port where no Redis is, which shows whether the `redis` package can be loaded. */
const USE = `
  const cache = new RedisReplayCache({ url: "redis://127.0.0.1:1", fallbackEnabled: false });
  const error = await cache.connect().catch((thrown) => thrown);
  const checking = await cache.checkAndAdd("id", Date.now() / 1000 + 60).catch((thrown) => thrown);
  await cache.close();
  console.log(JSON.stringify({
    REDIS_AVAILABLE,
    connecting: error.code === 1011 ? error.cause.message : error.message,
    checking: checking.code,
  }));
`;
const WITH_REDIS = {
  REDIS_AVAILABLE: true,
  connecting: expect.stringContaining("ECONNREFUSED"),
  checking: 1011,
};
const WITHOUT_REDIS = {
  REDIS_AVAILABLE: false,
  connecting: expect.stringContaining("npm install redis"),
  checking: 1011,
};
const expectedOf = ({ redis }: Installed) => (redis ? WITH_REDIS : WITHOUT_REDIS);

const MODULE = `import { REDIS_AVAILABLE, RedisReplayCache } from "@attest/replay-redis"; ${USE}`;
const COMMON_JS = `const { REDIS_AVAILABLE, RedisReplayCache } = require("@attest/replay-redis"); (async () => {${USE}})();`;
/** Without a top-level await, which a bundle in CommonJS cannot have. */
const ENTRY = `import { REDIS_AVAILABLE, RedisReplayCache } from "@attest/replay-redis"; (async () => {${USE}})();`;

interface BundleOptions {
  readonly format: Format;
  readonly minify?: boolean;
  /** Whether `redis` stays outside the bundle. */
  readonly external: boolean;
}

/** Bundles a program for Node without a warning. Returns the file's name. */
async function bundle(folder: string, { format, minify = false, external }: BundleOptions): Promise<string> {
  writeFileSync(join(folder, "entry.mjs"), ENTRY);
  const file = format === "esm" ? "bundle.mjs" : "bundle.cjs";
  const { warnings } = await build({
    entryPoints: [join(folder, "entry.mjs")],
    outfile: join(folder, file),
    bundle: true,
    platform: "node",
    format,
    minify,
    external: external ? ["redis"] : [],
    // redis is CommonJS, and asks for Node's modules by require.
    banner:
      format === "esm"
        ? { js: 'import { createRequire as r } from "node:module"; const require = r(import.meta.url);' }
        : {},
    logLevel: "silent",
  });
  expect(warnings).toEqual([]);
  return file;
}

const FORMATS = ["esm", "cjs", "iife"] as const;
const MINIFIED = FORMATS.flatMap((format) => [
  { format, minify: false },
  { format, minify: true },
]);

describe("REDIS_AVAILABLE", () => {
  test("is true where the redis package is installed", () => {
    expect(REDIS_AVAILABLE).toBe(true);
  });

  test.each([{ redis: true }, { redis: false }])("is right for import, with %o", (installed) => {
    const folder = install(installed);
    writeFileSync(join(folder, "program.mjs"), MODULE);
    expect(run(folder, "program.mjs")).toEqual(expectedOf(installed));
  });

  test.each([{ redis: true }, { redis: false }])("is right for require, with %o", (installed) => {
    const folder = install(installed);
    writeFileSync(join(folder, "program.cjs"), COMMON_JS);
    expect(run(folder, "program.cjs")).toEqual(expectedOf(installed));
  });

  test.each(MINIFIED)("is true in a bundle that holds redis, wherever it runs, with %o", async (options) => {
    const folder = install({ redis: true });
    const file = await bundle(folder, { ...options, external: false });
    rmSync(join(folder, "node_modules"), { recursive: true });
    expect(run(folder, file)).toEqual(WITH_REDIS);
  });

  test.each(MINIFIED)(
    "is right in a bundle beside which redis is installed, or not, with %o",
    async (options) => {
      const folder = install({ redis: true });
      const file = await bundle(folder, { ...options, external: true });
      expect(run(folder, file)).toEqual(WITH_REDIS);
      rmSync(join(folder, "node_modules/redis"));
      expect(run(folder, file)).toEqual(WITHOUT_REDIS);
    },
  );
});
