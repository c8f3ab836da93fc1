import type { Clock } from "@attest/core";
import { decodeTextFromBase64url } from "@attest/core/internal";

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

/** By its own words: it is the server that has to believe them, so nothing else of the token is looked at. */
function lifetimeOf(token: string): number {
  try {
    const [, payload = ""] = token.split(".");
    const { iat, exp } = JSON.parse(decodeTextFromBase64url(payload) ?? "") as Readonly<
      Record<"iat" | "exp", number>
    >;
    return exp - iat;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
