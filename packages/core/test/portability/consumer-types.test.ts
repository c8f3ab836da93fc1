import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

const CONSUMER = `
import {
  AgentIdentity,
  AttestationError,
  AttestationErrorCode,
  AttestationProvider,
  AttestationVerifier,
  composeVerifier,
  defaultChecks,
  defineCheck,
  InMemoryKeyResolver,
  insertBefore,
  KeyPair,
  type VerificationResult,
} from "@attest/core";
import { FixedClock } from "@attest/core/testing";

const keyPair = KeyPair.generate();
const keyResolver = new InMemoryKeyResolver();
keyResolver.addKeyPair("https://api.example.com", keyPair);
const options = { trustedIssuers: ["https://api.example.com"], keyResolver, clock: new FixedClock() };
const never = defineCheck("never", ({ claims }) => {
  const version: string = claims.agentIdentity.modelVersion;
  throw new AttestationError(AttestationErrorCode.INSUFFICIENT_TRUST, version);
});
export const verifiers = [
  new AttestationVerifier({ ...options, checks: [never] }),
  composeVerifier(insertBefore(defaultChecks(options), "replay", never), { policy: "preferred" }),
];
export async function modelOf(token: string): Promise<string> {
  const result: VerificationResult | undefined = await verifiers[0]?.verify(token);
  return result?.verified ? result.claims.agentIdentity.modelVersion : String(result?.errorCode);
}
export const token: Promise<string> = new AttestationProvider({
  issuer: "https://api.example.com",
  keyPair,
}).createToken({
  identity: new AgentIdentity({ modelFamily: "m-1", modelVersion: "m-1-small", provider: "example" }),
  audience: "https://server.example",
});
`;

describe("the packed package", { timeout: 60_000 }, () => {
  let folder = "";

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "attest-consumer-"));
    const scope = join(folder, "node_modules", "@attest");
    mkdirSync(join(scope, "core"), { recursive: true });
    execFileSync("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], {
      cwd: root,
      stdio: "pipe",
    });
    const [tarball = ""] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
    execFileSync("tar", ["-xzf", join(folder, tarball), "--strip-components=1", "-C", join(scope, "core")]);
    symlinkSync(join(root, "node_modules"), join(scope, "node_modules"));
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    writeFileSync(join(folder, "consumer.ts"), CONSUMER);
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
  ])(
    "type-checks in a strict consumer with neither Node's nor the browser's types (module %s)",
    (module, moduleResolution) => {
      const tsconfig = {
        compilerOptions: {
          target: "es2023",
          lib: ["es2023"],
          types: [],
          module,
          moduleResolution,
          strict: true,
          exactOptionalPropertyTypes: true,
          noUncheckedIndexedAccess: true,
          noPropertyAccessFromIndexSignature: true,
          skipLibCheck: false,
          noEmit: true,
        },
        files: ["consumer.ts"],
      };
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
      expect(compile(folder)).toBe("");
    },
  );
});

/** Returns the compiler's complaints; empty when it has none. */
function compile(folder: string): string {
  try {
    return execFileSync("tsc", ["-p", folder], { stdio: "pipe", encoding: "utf8" });
  } catch (error) {
    return (error as { readonly stdout: string }).stdout;
  }
}
