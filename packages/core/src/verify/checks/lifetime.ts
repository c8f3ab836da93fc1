import { AttestationError, AttestationErrorCode } from "../../errors.js";
import { assertOptions } from "../../options/read-options.js";
import { assertSeconds } from "../../seconds.js";
import { type Check, defineOwnCheck } from "../check.js";
import { OPTION_NAMES } from "../option-names.js";

export interface LifetimeOptions {
  /** How far the clocks of issuer and verifier may lie apart, in seconds. Default 30. */
  readonly clockSkewSeconds?: number | undefined;
  /** The longest life (`exp − iat`) a token may have, in seconds. Default 900. */
  readonly maxLifetimeSeconds?: number | undefined;
}

/** Rejects a token outside its own life, or that lives too long (RFC 7519 §4.1.4–4.1.6). */
export function lifetime(options: LifetimeOptions = {}): Check {
  assertOptions("lifetime", options, OPTION_NAMES);
  const { clockSkewSeconds = 30, maxLifetimeSeconds = 900 } = options;
  assertSeconds("clockSkewSeconds", clockSkewSeconds, { min: 0 });
  assertSeconds("maxLifetimeSeconds", maxLifetimeSeconds, { min: 1 });
  return defineOwnCheck("lifetime", ({ claims: { iat, exp, nbf }, now }) => {
    if (exp - iat > maxLifetimeSeconds) {
      throw new AttestationError(
        AttestationErrorCode.MALFORMED_TOKEN,
        `lives ${exp - iat} seconds; at most ${maxLifetimeSeconds} are accepted`,
      );
    }
    // Put so that a clock that gives NaN refuses: no comparison with it holds.
    if (!(now < exp + clockSkewSeconds)) {
      throw new AttestationError(AttestationErrorCode.TOKEN_EXPIRED, `expired at ${exp}, and it is ${now}`);
    }
    const validFrom = Math.max(iat, nbf ?? iat);
    if (now < validFrom - clockSkewSeconds) {
      throw new AttestationError(
        AttestationErrorCode.TOKEN_NOT_YET_VALID,
        `valid from ${validFrom}, and it is ${now}`,
      );
    }
  });
}
