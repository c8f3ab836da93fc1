import type { RedisLink } from "../connection/redis-link.js";
import { send } from "../connection/send.js";
import { type Claim, claim } from "./claim.js";

const FIRST_SWEEP = 1024;
/** Commands under way at once. */
const BATCH = 512;

/** The outcome of {@link PendingClaims.writeTo}. */
export interface WrittenBack {
  /** Claims that Redis did not have, or had from this server. */
  readonly written: number;
  /** Claims of ids that another server had accepted too. */
  readonly conflicts: number;
}

/**
 * Claims that Redis does not have yet, or may not have. Claims that expire while they wait are dropped, at the latest
 * when the number of claims has doubled.
 */
export class PendingClaims {
  readonly #claims = new Map<string, Claim>();
  #nextSweep = FIRST_SWEEP;

  get size(): number {
    return this.#claims.size;
  }

  /** @param now seconds since the Unix epoch */
  add(pending: Claim, now: number): void {
    // The first claim stays: its attempt may have reached Redis.
    if (!this.#claims.has(pending.key)) this.#claims.set(pending.key, pending);
    if (this.#claims.size < this.#nextSweep) return;
    for (const { key, expiresAt } of this.#claims.values()) if (expiresAt <= now) this.#claims.delete(key);
    this.#nextSweep = Math.max(FIRST_SWEEP, this.#claims.size * 2);
  }

  delete({ key }: Claim): void {
    this.#claims.delete(key);
  }

  clear(): void {
    this.#claims.clear();
  }

  /**
   * Writes every claim to Redis until none is pending.
   *
   * @throws the error of the first command that fails; claims written by then are no longer pending.
   */
  async writeTo(link: RedisLink, timeoutSeconds: number, now: () => number): Promise<WrittenBack> {
    let written = 0;
    let conflicts = 0;
    const write = async (pending: Claim): Promise<void> => {
      if (pending.expiresAt > now()) {
        const isOurs = await send(link, timeoutSeconds, (client) => claim(client, pending, now()));
        if (isOurs) written += 1;
        else conflicts += 1;
      }
      this.delete(pending);
    };
    while (this.size > 0) {
      const results = await Promise.allSettled(this.#first(BATCH).map(write));
      const failed = results.find((result) => result.status === "rejected");
      if (failed !== undefined) throw failed.reason;
    }
    return { written, conflicts };
  }

  /** Returns up to `count` claims, oldest first; they stay pending. */
  #first(count: number): readonly Claim[] {
    const claims: Claim[] = [];
    for (const pending of this.#claims.values()) {
      if (claims.length === count) break;
      claims.push(pending);
    }
    return claims;
  }
}
