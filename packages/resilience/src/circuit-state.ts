/** What a circuit breaker lets through. */
export const CircuitState = {
  /** Everything. */
  CLOSED: "closed",
  /** Nothing. */
  OPEN: "open",
  /** A few trial calls, to see whether things are well again. */
  HALF_OPEN: "half_open",
} as const;
export type CircuitState = (typeof CircuitState)[keyof typeof CircuitState];
