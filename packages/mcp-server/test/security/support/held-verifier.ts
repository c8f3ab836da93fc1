import { AttestationError, AttestationErrorCode, type AttestationVerifier, defineCheck } from "@attest/core";
import type { FixedClock } from "@attest/core/testing";
import type { Issuer } from "../../support/agents.ts";

/** Fate of a token that passes all of the verifier's own checks. */
export type Hold =
  /** It is verified, at once. */
  | "none"
  /** It is refused, 1004, once `released` resolves. */
  | "until-released-then-refuse";

/** A verifier that goes by `clock`, and that a test may hold in the middle of a verification. */
export function heldVerifier(
  issuer: Issuer,
  { hold, released, clock }: { hold: Hold; released: Promise<void>; clock: FixedClock },
): AttestationVerifier {
  if (hold === "none") return issuer.verifier({ clock });
  const wait = defineCheck("wait", async () => {
    await released;
    throw new AttestationError(AttestationErrorCode.UNKNOWN_ISSUER);
  });
  return issuer.verifier({ clock, checks: [wait] });
}
