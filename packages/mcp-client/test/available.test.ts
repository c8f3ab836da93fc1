import { spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Format } from "esbuild";
import { beforeAll, describe, expect, test } from "vitest";
import { MCP_AVAILABLE } from "../src/index.js";

const packageFolder = new URL("../", import.meta.url);

/** Projects that have this package installed: with the SDK, and without. */
let projects: { readonly withSdk: string; readonly without: string };

beforeAll(async () => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "attest-available-")));
  const [withSdk, without] = [join(folder, "with"), join(folder, "without")];
  for (const project of [withSdk, without]) {
    const installed = join(project, "node_modules/@attest/mcp-client");
    await mkdir(installed, { recursive: true });
    await cp(new URL("dist/", packageFolder), join(installed, "dist"), { recursive: true });
    await cp(new URL("package.json", packageFolder), join(installed, "package.json"));
    const core = fileURLToPath(new URL("../core/", packageFolder));
    await symlink(core, join(project, "node_modules/@attest/core"));
  }
  const sdk = await realpath(fileURLToPath(new URL("node_modules/@modelcontextprotocol/sdk", packageFolder)));
  await mkdir(join(withSdk, "node_modules/@modelcontextprotocol"));
  await symlink(sdk, join(withSdk, "node_modules/@modelcontextprotocol/sdk"));
  projects = { withSdk, without };
  return () => rm(folder, { recursive: true });
});

/** Runs a program in `project`, and returns what it prints. */
async function run(project: string, name: string, program: string): Promise<string> {
  const file = join(project, name);
  await writeFile(file, program);
  const { stdout, stderr } = spawnSync(process.execPath, [file], { cwd: project, env: {}, encoding: "utf8" });
  return stdout.trim() || stderr;
}

async function bundled(project: string, format: Format, program: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: project },
    bundle: true,
    write: false,
    format,
    platform: "node",
    target: "node22",
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}

const SUBPATH = "@attest/mcp-client/available";
const esm = `import { MCP_AVAILABLE } from "${SUBPATH}"; console.log(MCP_AVAILABLE);`;

describe("@attest/mcp-client/available", () => {
  const ways: readonly (readonly [string, (project: string) => Promise<string>])[] = [
    ["an ES module", (project) => run(project, "a.mjs", esm)],
    ["require()", (project) => run(project, "a.cjs", `console.log(require("${SUBPATH}").MCP_AVAILABLE);`)],
    ["a CommonJS bundle", async (project) => run(project, "b.cjs", await bundled(project, "cjs", esm))],
    ["an iife bundle", async (project) => run(project, "c.cjs", await bundled(project, "iife", esm))],
    ["an ES module bundle", async (project) => run(project, "d.mjs", await bundled(project, "esm", esm))],
  ];
  test.each(ways)("tells from %s whether the SDK is there", async (_, tell) => {
    await expect(tell(projects.withSdk)).resolves.toBe("true");
    await expect(tell(projects.without)).resolves.toBe("false");
  });
});

describe("@attest/mcp-client", () => {
  const main = `import { createAttestingSession, MCP_AVAILABLE } from "@attest/mcp-client";
    console.log(typeof createAttestingSession, MCP_AVAILABLE);`;
  const required = `const { createAttestingSession, MCP_AVAILABLE } = require("@attest/mcp-client");
    console.log(typeof createAttestingSession, MCP_AVAILABLE);`;
  const ways: readonly (readonly [string, (project: string) => Promise<string>])[] = [
    ["an ES module", (project) => run(project, "main.mjs", main)],
    ["require()", (project) => run(project, "main.cjs", required)],
    ["a CommonJS bundle", async (project) => run(project, "e.cjs", await bundled(project, "cjs", main))],
    ["an iife bundle", async (project) => run(project, "f.cjs", await bundled(project, "iife", main))],
  ];
  test.each(ways)("loads from %s", async (_, load) => {
    await expect(load(projects.withSdk)).resolves.toBe("function true");
  });

  test("says that the SDK is missing when it is loaded without it", async () => {
    await expect(run(projects.without, "main.mjs", main)).resolves.toMatch(
      /Cannot find package '@modelcontextprotocol\/sdk'/,
    );
  });
});

describe("@attest/mcp-client/tokens", () => {
  const esm = `import { exchange } from "@attest/mcp-client/tokens"; console.log(typeof exchange);`;
  const cjs = `console.log(typeof require("@attest/mcp-client/tokens").exchange);`;
  const ways: readonly (readonly [string, (project: string) => Promise<string>])[] = [
    ["an ES module", (project) => run(project, "tokens.mjs", esm)],
    ["require()", (project) => run(project, "tokens.cjs", cjs)],
    ["a CommonJS bundle", async (project) => run(project, "g.cjs", await bundled(project, "cjs", esm))],
    ["an iife bundle", async (project) => run(project, "h.cjs", await bundled(project, "iife", esm))],
    ["an ES module bundle", async (project) => run(project, "i.mjs", await bundled(project, "esm", esm))],
  ];
  test.each(ways)("loads from %s, and needs no SDK", async (_, load) => {
    await expect(load(projects.without)).resolves.toBe("function");
  });
});

describe("MCP_AVAILABLE", () => {
  test("is true in the main entry, which needs the SDK", () => {
    expect(MCP_AVAILABLE).toBe(true);
  });
});
