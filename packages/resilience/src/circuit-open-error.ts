const BRAND = Symbol.for("@attest/CircuitOpenError");

/** A call that was not made, because the circuit breaker is open. */
export class CircuitOpenError extends Error {
  override readonly name = "CircuitOpenError";
  /**
   * In how many seconds the breaker tries again; 0 when it is trying already and its trial calls are under way,
   * `Infinity` when it has been closed for good.
   */
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number) {
    super("the circuit is open after too many failures in a row; the call was not made");
    this.retryAfterSeconds = retryAfterSeconds;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** Whether `value` is a {@link CircuitOpenError}, of this copy of the package or any other. */
export function isCircuitOpenError(value: unknown): value is CircuitOpenError {
  return typeof value === "object" && value !== null && (value as { [BRAND]?: unknown })[BRAND] === true;
}
