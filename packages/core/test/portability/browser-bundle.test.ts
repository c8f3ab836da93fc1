import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { bundle } from "../support/bundle.js";

const PROGRAM = 'export { AttestationVerifier, Ed25519PublicKey, InMemoryKeyResolver } from "@attest/core"';
const GOAL_BYTES = 32_000;

describe("the browser bundle for verifying alone", { timeout: 60_000 }, () => {
  test(`is at most ${GOAL_BYTES} bytes, minified and gzipped`, async () => {
    const { code } = await bundle(PROGRAM);
    const bytes = gzipSync(code, { level: 9 }).length;
    process.stdout.write(`verify-only browser bundle: ${bytes} bytes min+gzip (${code.length} min)\n`);
    expect(bytes).toBeLessThanOrEqual(GOAL_BYTES);
  });

  test("leaves out what only signing needs", async () => {
    const { inputs } = await bundle(PROGRAM);
    expect(inputs).toContain("dist/verify/attestation-verifier.js");
    expect(inputs).not.toContain("dist/keys/key-pair.js");
    expect(inputs).not.toContain("dist/token/attestation-provider.js");
  });
});
