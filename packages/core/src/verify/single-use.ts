import { thumbprintOf } from "../keys/thumbprint.js";
import { PROOF_LIFETIME_SECONDS } from "../proof/parse-proof.js";
import type { VerificationContext } from "./check.js";

/** Something that may be used once: its id, and the time until which it has to be remembered. */
export interface SingleUse {
  readonly id: string;
  /** Seconds since the Unix epoch. */
  readonly until: number;
}

/** Begins the id of a proof. No token's id begins so: a `jti` has no line break. */
const PROOF = "\nproof";

/**
 * Returns what a verification burns: the id of a bound token's proof, and otherwise the token's own, until nobody accepts
 * it any more.
 *
 * The parts of an id have no line break, so a token's is unambiguous by issuer, and a proof's by the key that made it:
 * neither issuers nor keys can burn one another's ids.
 */
export function singleUse({ claims, proof, clockSkewSeconds }: VerificationContext): SingleUse {
  const { iss, jti, exp, cnf } = claims;
  if (cnf === undefined || proof === undefined) {
    return { id: `${jti}\n${iss}`, until: exp + clockSkewSeconds };
  }
  const { claims: made } = proof;
  return {
    id: `${PROOF}\n${made.jti}\n${thumbprintOf(cnf.jwk.x)}`,
    // By the proof's own clock: remembered from now on, a proof from the future would pass once more.
    until: made.iat + PROOF_LIFETIME_SECONDS + clockSkewSeconds,
  };
}
