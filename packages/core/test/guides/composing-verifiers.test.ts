import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const core = fileURLToPath(new URL("../..", import.meta.url));
const guide = readFileSync(new URL("../../../../docs/composing-verifiers.md", import.meta.url), "utf8");

/** The guide's programs, by the file name in their first line. */
const programs = [...guide.matchAll(/```ts\n\/\/ (\S+\.ts)\n([\s\S]*?)```/g)].map(
  ([, name = "", source = ""]) => ({
    name,
    source,
    /** Output that the guide promises: the comments after its arrows, in their order. */
    promised: [...source.matchAll(/ \/\/ → (.+)$/gm)].map(([, line]) => `${line}\n`).join(""),
  }),
);

describe("the guide to composing verifiers", { timeout: 60_000 }, () => {
  // Inside the package, so that it resolves by its name as for a user.
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(`${core}guide-`);
    for (const { name, source } of programs) writeFileSync(`${folder}/${name}`, source);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("has no code but its three programs", () => {
    expect(programs.map(({ name }) => name)).toEqual(["system-prompts.ts", "tenants.ts", "deployments.ts"]);
    expect(guide.match(/^```\S/gm)).toHaveLength(programs.length);
  });

  test("has programs that compile under the strictest settings", async () => {
    const options =
      "--noEmit --strict --exactOptionalPropertyTypes --noUncheckedIndexedAccess --noUnusedLocals";
    const platform = "--module nodenext --target es2023 --types node --skipLibCheck --ignoreConfig";
    const files = programs.map(({ name }) => `${folder}/${name}`);
    const compiled = await run("tsc", [...`${options} ${platform}`.split(" "), ...files], {
      cwd: core,
    }).catch((error: { readonly stdout: string }) => error);
    expect(compiled.stdout).toBe("");
  });

  test.each(programs)(
    "has in $name a program that accepts and refuses as it says",
    async ({ name, promised }) => {
      expect(promised).toMatch(/^verified /m);
      expect(promised).toMatch(/^10\d\d /m);
      const env = { ...process.env, NODE_NO_WARNINGS: "1" };
      const { stdout, stderr } = await run(process.execPath, [name], { cwd: folder, env });
      expect(stdout).toBe(promised);
      expect(stderr).toBe("");
    },
  );
});
