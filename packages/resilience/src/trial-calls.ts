/** The places for trial calls in one half-open period. */
export class TrialCalls {
  readonly #places: number;
  readonly #leaseSeconds: number;
  #running = 0;
  /** When the places that nobody watches over fall back to the breaker, in seconds, oldest first. */
  #leases: number[] = [];

  /**
   * @param places how many trial calls there may be at once
   * @param leaseSeconds how long a place may be kept by somebody who has not said how the call went
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

  /** Takes a place for a call that its caller reports on, or forgets to: then the place comes back by itself. */
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

/** Seconds on a clock that nobody sets. */
export function monotonicSeconds(): number {
  return performance.now() / 1000;
}
