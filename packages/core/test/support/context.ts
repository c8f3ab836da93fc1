import { expect } from "vitest";
import { parseToken } from "../../src/token/decode-token.js";
import type { Check, VerificationContext } from "../../src/verify/check.js";
import { NOW } from "./attested.js";

/** Runs one check on a token, as a verifier would. */
export async function runCheck(
  check: Check,
  token: string,
  overrides: Partial<VerificationContext> = {},
): Promise<void> {
  await check.run({
    ...parseToken(token),
    token,
    presentation: {},
    now: NOW,
    clockSkewSeconds: 30,
    ...overrides,
  });
}

/** The error of a check that refuses with `code`, and with `detail` if given. */
export function refusing(code: number, detail?: string): Error {
  const expected = { name: "AttestationError", code };
  return expect.objectContaining(detail === undefined ? expected : { ...expected, detail }) as Error;
}
