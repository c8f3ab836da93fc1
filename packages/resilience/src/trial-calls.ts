/** Places for trial calls in one half-open period. */
export class TrialCalls {
  readonly #places: number;
  readonly #leaseSeconds: number;
  #running = 0;
  /** Ends of the leases that are not reported on yet, in seconds, oldest first. */
  #leases: number[] = [];

  /**
   * @param places number of trial calls that may be under way at once
   * @param leaseSeconds how long a place is kept for a call that is not reported on
   */
  constructor(places: number, leaseSeconds: number) {
    this.#places = places;
    this.#leaseSeconds = leaseSeconds;
  }

  /** Takes a place for a call whose end is sure to be seen. */
  start(): boolean {
    if (!this.#hasPlace()) return false;
    this.#running++;
    return true;
  }

  /** Takes a place for a call that its caller reports on. Without a report the place comes back by itself. */
  lease(): boolean {
    if (!this.#hasPlace()) return false;
    this.#leases.push(monotonicSeconds() + this.#leaseSeconds);
    return true;
  }

  /** Whether a report from outside can be about a trial call. */
  get isAnyLeased(): boolean {
    return this.#leases.length > 0;
  }

  #hasPlace(): boolean {
    const now = monotonicSeconds();
    this.#leases = this.#leases.filter((end) => now < end);
    return this.#running + this.#leases.length < this.#places;
  }
}

/** Returns seconds on a clock that cannot be set. */
export function monotonicSeconds(): number {
  return performance.now() / 1000;
}
