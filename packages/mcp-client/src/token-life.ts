import { type Clock, decodeToken } from "@attest/core";

/** The part of its life after which a token is replaced, so that its successor arrives in good time. */
const RENEW_AFTER = 0.8;

/**
 * How much of its life the session's token has left. Counted from when it was got, not by its own times: the
 * issuer's clock may be another.
 */
export class TokenLife {
  readonly #clock: Clock;
  #renewAt = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `token` is the session's from now on. One that cannot be read is never due. */
  begin(token: string): void {
    this.#renewAt = this.#clock.now() + RENEW_AFTER * lifetimeOf(token);
  }

  /** Whether the token should be replaced. */
  get isDue(): boolean {
    return this.#clock.now() >= this.#renewAt;
  }
}

function lifetimeOf(token: string): number {
  try {
    const { iat, exp } = decodeToken(token).claims;
    return exp - iat;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
