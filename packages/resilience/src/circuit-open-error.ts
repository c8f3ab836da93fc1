import { recogniseByBrand } from "./brand.js";

/** Refusal of a call because the circuit is open. `instanceof` recognises it from every copy of the package. */
export class CircuitOpenError extends Error {
  override readonly name = "CircuitOpenError";

  static {
    recogniseByBrand(CircuitOpenError, "CircuitOpenError");
  }

  /**
   * Time until the breaker tries again, in seconds: 0 when it is trying already and its trial calls are under way,
   * `Infinity` when it was closed for good.
   */
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number) {
    super("the circuit is open after too many failures in a row; the call was not made");
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Whether `value` is a {@link CircuitOpenError}, of this copy of the package or any other. */
export function isCircuitOpenError(value: unknown): value is CircuitOpenError {
  return value instanceof CircuitOpenError;
}
