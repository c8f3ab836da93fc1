import type { Clock } from "../clock.js";
import { AttestationError, AttestationErrorCode } from "../errors.js";
import { clock, count } from "../options/option-kinds.js";
import { type OptionsSpec, readOptions } from "../options/read-options.js";
import type { MaybePromise, ReplayCache } from "../ports.js";
import { ExpiringSet } from "./expiring-set.js";

export interface InMemoryReplayCacheOptions {
  /**
   * Largest number of ids that are remembered at once. A full cache refuses new ids (1011) until old ones expire: to
   * forget a live id would admit its token again. Default: 1,000,000.
   */
  readonly maxEntries?: number | undefined;
  /** Source of the time. Default: the system's clock. */
  readonly clock?: Clock | undefined;
}

interface Settings {
  readonly maxEntries: number;
  readonly clock: Clock;
}

const SPEC: OptionsSpec<Settings> = { maxEntries: count(1_000_000), clock: clock() };

/** Remembers used token ids in this process, in 25 to 45 bytes each and without pauses; see {@link ExpiringSet}. */
export class InMemoryReplayCache implements ReplayCache {
  readonly #maxEntries: number;
  readonly #clock: Clock;
  readonly #ids = new ExpiringSet();
  /** The whole second as of which ids have been let expire. */
  #second = 0;

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: InMemoryReplayCacheOptions = {}) {
    const settings = readOptions("InMemoryReplayCache", options, SPEC);
    this.#maxEntries = settings.maxEntries;
    this.#clock = settings.clock;
  }

  /**
   * Remembers `jti` until `exp`. Returns `true` the first time, and `false` while it is remembered. An id whose `exp` has
   * passed gets `false`, since it could not be remembered. So does an id that may have been forgotten before the clock
   * was set back.
   *
   * @param exp seconds since the Unix epoch
   * @returns the answer itself, or a promise that rejects with 1011 when the cache is full or the clock gives no time.
   */
  checkAndAdd(jti: string, exp: number): MaybePromise<boolean> {
    try {
      return this.#checkAndAdd(jti, exp);
    } catch (error) {
      // A cache's failures are rejections, here as in caches that have to wait.
      return Promise.reject(error);
    }
  }

  #checkAndAdd(jti: string, exp: number): boolean {
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

  /** Lets ids expire, once per second. Returns the time. */
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
