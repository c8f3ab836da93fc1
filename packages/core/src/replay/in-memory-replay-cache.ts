import { type Clock, systemClock } from "../clock.js";
import { AttestationError, AttestationErrorCode } from "../errors.js";
import { assertOptions } from "../options/read-options.js";
import type { ReplayCache } from "../ports.js";
import { ExpiringSet } from "./expiring-set.js";

export interface InMemoryReplayCacheOptions {
  /**
   * The most ids that are remembered at once. A full cache refuses new ids (1011) until old ones expire: to
   * forget a live one would let its token in again. Default 1,000,000.
   */
  readonly maxEntries?: number | undefined;
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
}

/**
 * Remembers used token ids in this process, in some 25 to 45 bytes each and without pauses; see
 * {@link ExpiringSet}.
 */
export class InMemoryReplayCache implements ReplayCache {
  readonly #maxEntries: number;
  readonly #clock: Clock;
  readonly #ids = new ExpiringSet();
  /** The whole second as of which ids have been let expire. */
  #second = 0;

  /** @throws {RangeError} when `maxEntries` is not a positive integer. */
  constructor(options: InMemoryReplayCacheOptions = {}) {
    assertOptions("InMemoryReplayCache", options, ["maxEntries", "clock"]);
    const { maxEntries = 1_000_000, clock = systemClock } = options;
    if (!Number.isSafeInteger(maxEntries) || maxEntries < 1) {
      throw new RangeError(`maxEntries must be a positive integer, got ${String(maxEntries)}`);
    }
    this.#maxEntries = maxEntries;
    this.#clock = clock;
  }

  /**
   * `true` the first time, `false` while `jti` is remembered. An id whose `exp` has passed gets `false`: it
   * could not be remembered. So does one that may have been forgotten before the clock was set back.
   *
   * @param exp seconds since the Unix epoch
   * @throws {AttestationError} 1011 when the cache is full, or the clock gives no time.
   */
  async checkAndAdd(jti: string, exp: number): Promise<boolean> {
    const now = this.#tick();
    const expiry = Math.ceil(exp);
    if (!(exp > now) || expiry <= this.#ids.forgottenUntil) return false;
    if (this.#ids.size >= this.#maxEntries && !this.#ids.has(jti, this.#second)) {
      throw unavailable(`the replay cache is full with ${this.#maxEntries} live ids; raise maxEntries`);
    }
    return this.#ids.add(jti, expiry, this.#second);
  }

  async exists(jti: string): Promise<boolean> {
    this.#tick();
    return this.#ids.has(jti, this.#second);
  }

  async count(): Promise<number> {
    this.#tick();
    return this.#ids.size;
  }

  async clear(): Promise<void> {
    this.#ids.clear();
  }

  #tick(): number {
    const now = this.#clock.now();
    if (!Number.isFinite(now)) throw unavailable("the clock gives no time");
    const second = Math.floor(now);
    if (second !== this.#second) {
      this.#second = second;
      this.#ids.expireUntil(second);
    }
    return now;
  }
}

function unavailable(detail: string): AttestationError {
  return new AttestationError(AttestationErrorCode.REPLAY_CACHE_UNAVAILABLE, detail);
}
