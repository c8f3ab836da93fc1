import type { Clock } from "../clock.js";

/** A clock that stands still until it is told to move. */
export class FixedClock implements Clock {
  #now: number;

  /** @param now seconds since the Unix epoch */
  constructor(now = 1_800_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  /** Moves the clock by `seconds`; back when negative. */
  advance(seconds: number): void {
    this.#now += seconds;
  }
}
