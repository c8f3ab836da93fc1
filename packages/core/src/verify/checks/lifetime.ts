import { AttestationError, AttestationErrorCode } from "../../errors.js";
import { seconds } from "../../options/option-kinds.js";
import { type OptionsSpec, readOptions } from "../../options/read-options.js";
import { type Check, defineOwnCheck } from "../check.js";

export interface LifetimeOptions {
  /** The longest life (`exp − iat`) of a token that is accepted, in seconds. Default: 900 s. */
  readonly maxLifetimeSeconds?: number | undefined;
}

/** Readers of {@link LifetimeOptions}. */
export const LIFETIME_OPTIONS: OptionsSpec<{ maxLifetimeSeconds: number }> = {
  maxLifetimeSeconds: seconds(900, { min: 1 }),
};

/** Rejects a token outside its own life, 1001 and 1002, or one that lives too long, 1008 (RFC 7519 §4.1.4–4.1.6). */
export function lifetime(options: LifetimeOptions = {}): Check {
  const { maxLifetimeSeconds } = readOptions("lifetime", options, LIFETIME_OPTIONS);
  return defineOwnCheck(
    "lifetime",
    ({ claims: { iat, exp, nbf }, now, clockSkewSeconds }) => {
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
    },
    { reads: { maxLifetimeSeconds } },
  );
}
