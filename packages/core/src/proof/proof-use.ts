import { thumbprintOf } from "../keys/thumbprint.js";
import type { DecodedProof } from "./parse-proof.js";

/** Something that may be used once: its id, and the time until which it has to be remembered. */
export interface SingleUse {
  readonly id: string;
  /** Seconds since the Unix epoch. */
  readonly until: number;
}

/** How long after it was made a proof is accepted, in seconds, beside the verifier's skew (protocol §6). */
const LIFETIME_SECONDS = 60;

/** Begins the id of a proof. No token's id begins so: a `jti` has no line break. */
const PROOF = "\nproof";

/** Whether a proof was made within its minute. A clock that gives NaN finds none that was. */
export function isFresh({ claims: { iat } }: DecodedProof, now: number, clockSkewSeconds: number): boolean {
  return now - LIFETIME_SECONDS - clockSkewSeconds < iat && iat <= now + clockSkewSeconds;
}

/**
 * Returns what is burned of a proof that the key `x` made: its id, which no other key can burn, until nobody accepts it any
 * more. That is counted by the proof's own clock: remembered from now on, a proof from the future would pass once more.
 */
export function proofUse(
  { claims: { jti, iat } }: DecodedProof,
  x: string,
  clockSkewSeconds: number,
): SingleUse {
  return {
    id: `${PROOF}\n${jti}\n${thumbprintOf(x)}`,
    until: iat + LIFETIME_SECONDS + clockSkewSeconds,
  };
}
