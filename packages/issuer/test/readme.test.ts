import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { explain, readTrustPolicy } from "../src/index.js";
import { ownerClaimsOf } from "../src/platforms/shared-platforms.js";
import { readConfig } from "../src/service/config.js";
import { githubClaims } from "./support/documented-claims.ts";
import { files } from "./support/running.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(`${root}README.md`, "utf8");
const OPTIONS =
  "--noEmit --strict --module nodenext --target es2023 --types node --skipLibCheck --ignoreConfig";

const blocks = (language: string) =>
  [...readme.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "gs"))].map(([, source = ""]) => source);

test("the README's program compiles under strict settings, and prints what its comments say", () => {
  // Inside the package, so that imports resolve as a user's would.
  const folder = mkdtempSync(`${root}readme-`);
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [source = "", ...others] = blocks("ts");
  expect(others).toEqual([]);
  const file = `${folder}/issuer.ts`;
  writeFileSync(file, source);
  execFileSync("tsc", [...OPTIONS.split(" "), file], { cwd: root, stdio: "pipe" });
  const printed = execFileSync(process.execPath, [file], { encoding: "utf8" });
  expect(printed).toBe('{"type":"policy_loaded","platforms":1,"rules":1}\n200\n');
});

test("the README's config is read, and its rules decide as they say", () => {
  const [yaml = "", ...others] = blocks("yaml");
  expect(others).toEqual([]);
  const { config } = files();
  writeFileSync(config, yaml);
  const { issuer, platforms, rules } = readConfig(config);
  const policy = readTrustPolicy({ platforms, rules } as object);
  expect(policy.rules.map(({ name }) => name)).toEqual(["support agent", "release bot"]);
  const now = 1_800_000_000;
  const claims = {
    ...githubClaims({ iss: "https://token.actions.githubusercontent.com", aud: issuer, now }),
  };
  const own = { ...claims, repository_owner_id: "1234567", repository_id: "7654321" };
  expect(explain(policy, own, { clock: { now: () => now } })).toMatchObject({
    rule: "release bot",
    allowed: true,
  });
  expect(explain(policy, claims, { clock: { now: () => now } })).toMatchObject({ allowed: false });
});

test("the README's table says of the shared platforms which claim is a must", () => {
  const rows = readme.split("\n").filter((line) => line.includes("(must"));
  expect(rows).toHaveLength(6);
  for (const row of rows) {
    const [, , issuer = "", pin = ""] = row.split("|");
    const [, url = ""] = /`(https:[^`<]+)/.exec(issuer) ?? [];
    const [, claim] = /`(\w+)`/.exec(pin) ?? [];
    expect(ownerClaimsOf(url)?.[0]).toBe(claim);
  }
});
