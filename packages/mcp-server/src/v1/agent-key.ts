import type { VerificationResult } from "@attest/core";
import { membersOf } from "@attest/core/internal";

/** All callers together that are not verified. */
export const STRANGERS = "strangers";

/** Returns what tells an agent from others: its issuer, its subject and, where its token is bound, its key. */
export function agentKeyOf(result: VerificationResult | undefined): string {
  if (!result?.verified) return STRANGERS;
  const { issuer, subject, claims } = result;
  const key = membersOf(membersOf(membersOf(claims.raw)["cnf"])["jwk"])["x"];
  return JSON.stringify([issuer, subject, typeof key === "string" ? key : null]);
}
