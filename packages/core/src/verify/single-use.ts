import type { VerificationContext } from "./check.js";

/** Something that may be used once: its id, and the time until which it has to be remembered. */
export interface SingleUse {
  readonly id: string;
  /** Seconds since the Unix epoch. */
  readonly until: number;
}

/**
 * Returns what a verification burns: the token's id, until nobody accepts the token any more.
 *
 * A `jti` has no line break, so the pair of it and the issuer is unambiguous, and issuers cannot burn each other's ids.
 */
export function singleUse({ claims: { iss, jti, exp }, clockSkewSeconds }: VerificationContext): SingleUse {
  return { id: `${jti}\n${iss}`, until: exp + clockSkewSeconds };
}
