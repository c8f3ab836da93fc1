import type { Clock } from "../clock.js";
import { kindOf } from "../printable.js";

/** Times beyond this, the year 5138 in seconds, are milliseconds. */
const MAX_SECONDS = 100_000_000_000;

/** A clock that stands still until it is told to move. */
export class FixedClock implements Clock {
  #now: number;

  /**
   * @param now seconds since the Unix epoch
   * @throws {TypeError | RangeError} when `now` is a `Date`, milliseconds, or no number.
   */
  constructor(now = 1_800_000_000) {
    assertNumber("now", now, "seconds since the Unix epoch: date.getTime() / 1000");
    if (now > MAX_SECONDS) throw new RangeError("now is in seconds, not milliseconds: Date.now() / 1000");
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  /**
   * Moves the clock by `seconds`; back when negative.
   *
   * @throws {TypeError} when `seconds` is no number.
   */
  advance(seconds: number): void {
    assertNumber("seconds", seconds, "a number of seconds");
    this.#now += seconds;
  }
}

function assertNumber(name: string, value: unknown, what: string): asserts value is number {
  if (typeof value === "number") return;
  throw new TypeError(`${name} must be ${what}, got ${kindOf(value)}`);
}
