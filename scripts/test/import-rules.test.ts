import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT } from "../package-metadata.ts";

const SDK_TYPES = "@modelcontextprotocol/sdk/types.js";

const REFUSED: readonly (readonly [string, string])[] = [
  ["core/src/index.ts", "@attest/resilience"],
  ["core/src/keys/some.ts", "@attest/jwks"],
  ["core/src/keys/some.ts", "node:crypto"],
  ["core/src/keys/ed25519.node.ts", "@attest/jwks"],
  ["core/src/wire/some.ts", SDK_TYPES],
  ["resilience/src/retry.ts", "@attest/core"],
  ["resilience/src/retry.ts", "@attest/core/internal"],
  ["resilience/src/retry.ts", "opossum"],
  ["resilience/src/circuit-switch.ts", "@attest/core"],
  ["jwks/src/key-set.ts", "ky"],
  ["jwks/src/fetching/fetch-json.ts", "redis"],
  ["issuer/src/create-issuer.ts", "@attest/mcp-server"],
  ["issuer/src/create-issuer.ts", SDK_TYPES],
  ["issuer/src/create-issuer.ts", "jose"],
  ["issuer/src/policy/shape.ts", "yaml"],
  ["issuer/src/subject/verify-signature.ts", "yaml"],
  ["replay-redis/src/store/redis-store.ts", "redis"],
  ["replay-redis/src/redis.ts", "@attest/jwks"],
  ["mcp-client/src/index.ts", "@attest/jwks"],
  ["mcp-client/src/v1/some.ts", "@attest/replay-redis"],
  ["mcp-client/src/index.ts", "@attest/mcp-server"],
  ["mcp-client/src/tokens/some.ts", SDK_TYPES],
  ["mcp-client/src/tokens/some.ts", "@attest/jwks"],
  ["mcp-server/src/index.ts", "@attest/jwks"],
  ["mcp-server/src/http/http-sessions.ts", "@attest/replay-redis"],
  ["mcp-server/src/gate/some.ts", "@attest/jwks"],
  ["mcp-server/src/gate/some.ts", SDK_TYPES],
  ["mcp-server/src/guard/some.ts", SDK_TYPES],
  ["mcp-server/src/context/some.ts", "@modelcontextprotocol/server"],
  ["mcp-server/src/wire/some.ts", SDK_TYPES],
  ["mcp-server/src/http/front/some.ts", SDK_TYPES],
];

const ALLOWED: readonly (readonly [string, string])[] = [
  ["core/src/keys/ed25519.node.ts", "node:crypto"],
  ["core/src/keys/some.ts", "@noble/curves/ed25519.js"],
  ["resilience/src/circuit-switch.ts", "opossum"],
  ["jwks/src/fetching/fetch-json.ts", "ky"],
  ["jwks/src/some.ts", "@attest/core/internal"],
  ["issuer/src/subject/verify-signature.ts", "jose"],
  ["issuer/src/policy/policy-document.ts", "yaml"],
  ["issuer/src/some.ts", "@attest/jwks/internal"],
  ["replay-redis/src/connection/redis.ts", "redis"],
  ["mcp-server/src/gate/some.ts", "@attest/core/internal"],
  ["mcp-server/src/v1/some.ts", SDK_TYPES],
  ["mcp-server/test/some.ts", "@attest/jwks"],
];

let folder = "";
/** Imports that the linter refuses, as `file imports specifier`. */
let refused: ReadonlySet<string> = new Set();
beforeAll(() => {
  // A copy of the rules over files that import types alone: one run for all of them.
  folder = mkdtempSync(join(tmpdir(), "attest-rules-"));
  const rules = JSON.parse(readFileSync(join(ROOT, "biome.json"), "utf8"));
  writeFileSync(join(folder, "biome.json"), JSON.stringify({ ...rules, vcs: { enabled: false } }));
  const cases = [...REFUSED, ...ALLOWED];
  for (const [file] of cases) {
    const imports = cases
      .filter(([other]) => other === file)
      .map(([, specifier], index) => `export type { Some as Other${index} } from "${specifier}";\n`);
    mkdirSync(dirname(join(folder, "packages", file)), { recursive: true });
    writeFileSync(join(folder, "packages", file), imports.join(""));
  }
  const args = ["lint", "--only=style/noRestrictedImports", "--reporter=github", "--max-diagnostics=none"];
  const { stdout, stderr } = spawnSync(join(ROOT, "node_modules/.bin/biome"), args, {
    cwd: folder,
    encoding: "utf8",
  });
  refused = new Set(
    [...stdout.matchAll(/^::error .*?packages\/([^,]+),line=(\d+)/gm)].map(([, file = "", line]) => {
      const imports = readFileSync(join(folder, "packages", file), "utf8").split("\n");
      return `${file} imports ${/"(.+)"/.exec(imports[Number(line) - 1] ?? "")?.[1]}`;
    }),
  );
  expect(refused.size, stdout + stderr).toBeGreaterThan(0);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("the linter refuses that", () => {
  test.each(REFUSED)("packages/%s imports %s", (file, specifier) => {
    expect(refused).toContain(`${file} imports ${specifier}`);
  });
});

describe("the linter lets pass that", () => {
  test.each(ALLOWED)("packages/%s imports %s", (file, specifier) => {
    expect(refused).not.toContain(`${file} imports ${specifier}`);
  });
});
