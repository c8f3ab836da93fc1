/** State of a circuit breaker. */
export const CircuitState = {
  /** All calls are let through. */
  CLOSED: "closed",
  /** No call is let through. */
  OPEN: "open",
  /** A few trial calls are let through. They decide what comes next. */
  HALF_OPEN: "half_open",
} as const;
export type CircuitState = (typeof CircuitState)[keyof typeof CircuitState];

/** Change of a circuit breaker from one state to another. */
export interface CircuitStateChange {
  /** Name of the breaker, as given to it. */
  readonly name: string | undefined;
  readonly from: CircuitState;
  readonly to: CircuitState;
}
