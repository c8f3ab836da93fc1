/** Source of the time. */
export interface Clock {
  /** Returns the time now, in seconds since the Unix epoch. It may have fractions. */
  now(): number;
}

/** The machine's own clock. */
export const systemClock: Clock = { now: () => Date.now() / 1000 };
