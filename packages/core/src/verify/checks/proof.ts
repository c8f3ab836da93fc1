import { AttestationError, AttestationErrorCode } from "../../errors.js";
import { type Check, defineOwnCheck } from "../check.js";

/**
 * Rejects a bound token (RFC 7800): one that names a key in `cnf` is worth nothing without a proof of
 * possession, and none is accepted here.
 */
export function proofOfPossession(): Check {
  return defineOwnCheck("proof", ({ claims }) => {
    if (claims.cnf !== undefined) {
      throw new AttestationError(
        AttestationErrorCode.INVALID_PROOF,
        "the token is bound to a key and comes without a proof",
      );
    }
  });
}
