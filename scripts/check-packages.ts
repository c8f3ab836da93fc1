import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/*
 * Packs every public package as it would be published, and checks the tarball: publint for what is in it,
 * attw for whether its types resolve, and a look of our own for what must not be in it.
 */
const tarballs = mkdtempSync(join(tmpdir(), "attest-pack-"));
try {
  for (const name of readdirSync("packages")) {
    const folder = join("packages", name);
    const { private: isPrivate, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    if (isPrivate) continue;
    execFileSync("pnpm", ["pack", "--pack-destination", tarballs], { cwd: folder, stdio: "pipe" });
    const tarball = join(tarballs, `attest-${name}-${version}.tgz`);
    run("publint", ["run", tarball, "--strict"]);
    // The packages are ES modules only, which CommonJS loads by `import()`.
    run("attw", [tarball, "--profile", "esm-only", "--format", "table-flipped"]);
    const files = execFileSync("tar", ["-tzf", tarball], { encoding: "utf8" }).split("\n");
    const stray = files.filter((file) => /tsbuildinfo|\/test\/|\.env|node_modules/.test(file));
    if (stray.length > 0) throw new Error(`${name}: these files must not be published: ${stray.join(", ")}`);
    console.log(`${name}: publint, attw and contents are fine`);
  }
} finally {
  rmSync(tarballs, { recursive: true, force: true });
}

function run(command: string, args: readonly string[]): void {
  try {
    execFileSync(command, args, { stdio: "pipe", encoding: "utf8" });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(" ")} failed:\n${stdout}${stderr}`, { cause: error });
  }
}
