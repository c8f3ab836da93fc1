/** An id that was, or is to be, claimed in Redis. */
export interface Claim {
  readonly key: string;
  /** Tells this attempt from every other at the same id. */
  readonly token: string;
  /** Seconds since the Unix epoch. */
  readonly expiresAt: number;
}

const FIRST_LOOK = 1024;

/**
 * Claims that Redis does not have, or may not have, yet. Those that expire while they wait are dropped, at the
 * latest when as many have come as were alive the last time.
 */
export class UnwrittenIds {
  readonly #claims = new Map<string, Claim>();
  #nextLook = FIRST_LOOK;

  get size(): number {
    return this.#claims.size;
  }

  /** @param now seconds since the Unix epoch */
  add(claim: Claim, now: number): void {
    // The first claim stays: its attempt may have reached Redis.
    if (!this.#claims.has(claim.key)) this.#claims.set(claim.key, claim);
    if (this.#claims.size < this.#nextLook) return;
    for (const { key, expiresAt } of this.#claims.values()) if (expiresAt <= now) this.#claims.delete(key);
    this.#nextLook = Math.max(FIRST_LOOK, this.#claims.size * 2);
  }

  /** Up to `count` claims, oldest first; they stay until they are deleted. */
  first(count: number): readonly Claim[] {
    const claims: Claim[] = [];
    for (const claim of this.#claims.values()) {
      if (claims.length === count) break;
      claims.push(claim);
    }
    return claims;
  }

  delete({ key }: Claim): void {
    this.#claims.delete(key);
  }

  clear(): void {
    this.#claims.clear();
  }
}
