import type { Clock } from "@attest/core";
import { readUnverifiedClaims } from "./unverified-claims.js";

/** The part of its life after which a token is replaced, so that its successor arrives in good time. */
const RENEW_AFTER = 0.8;
/** The part of its life that a token is used for at least, however old it seems: clocks may differ. */
const USED_FOR = 0.1;

/**
 * The time at which the session's token is to be replaced (protocol §4, "Renewal in band"). It is counted from when the
 * token was received, less the age that the token had then by this machine's clock.
 */
export class TokenLife {
  readonly #clock: Clock;
  /** Read when it is first asked for: a session may end before its first call. */
  #unread: string | undefined;
  #receivedAt = 0;
  #renewAt = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Begins the life of `token`. A token that cannot be read is never due. */
  begin(token: string): void {
    this.#unread = token;
    this.#receivedAt = this.#clock.now();
  }

  /** Whether the token is to be replaced. */
  get isDue(): boolean {
    if (this.#unread !== undefined) {
      this.#renewAt = renewalOf(this.#unread, this.#receivedAt);
      this.#unread = undefined;
    }
    return this.#renewAt !== Number.POSITIVE_INFINITY && this.#clock.now() >= this.#renewAt;
  }
}

function renewalOf(token: string, receivedAt: number): number {
  const { issuedAt, expiresAt } = readUnverifiedClaims(token);
  if (issuedAt === null || expiresAt === null || expiresAt <= issuedAt) return Number.POSITIVE_INFINITY;
  const life = expiresAt - issuedAt;
  const age = Math.min(Math.max(receivedAt - issuedAt, 0), life);
  return receivedAt + Math.max(USED_FOR, RENEW_AFTER - age / life) * life;
}
