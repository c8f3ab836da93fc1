import { proofUse, type SingleUse } from "../proof/proof-use.js";
import type { VerificationContext } from "./check.js";

/**
 * Returns what a verification burns: the id of a bound token's proof, and otherwise the token's own, until nobody accepts
 * it any more.
 *
 * A `jti` has no line break, so the pair of it and the issuer is unambiguous, and issuers cannot burn each other's ids.
 */
export function singleUse({ claims, proof, clockSkewSeconds }: VerificationContext): SingleUse {
  const { iss, jti, exp, cnf } = claims;
  return cnf === undefined || proof === undefined
    ? { id: `${jti}\n${iss}`, until: exp + clockSkewSeconds }
    : proofUse(proof, cnf.jwk.x, clockSkewSeconds);
}
