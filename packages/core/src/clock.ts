/** Where the time comes from. */
export interface Clock {
  /** The time now, in seconds since the Unix epoch; fractions allowed. */
  now(): number;
}

/** The machine's own clock. */
export const systemClock: Clock = { now: () => Date.now() / 1000 };
