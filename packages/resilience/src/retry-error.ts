const BRAND = Symbol.for("@attest/RetryError");

/** Every attempt has failed, as far as it made sense to go on. `cause` is the last error, too. */
export class RetryError extends Error {
  override readonly name = "RetryError";
  /** What the last attempt threw. */
  readonly lastError: unknown;
  /** How many attempts were made, the first included. */
  readonly attempts: number;

  constructor(attempts: number, lastError: unknown) {
    super(`gave up after ${attempts} ${attempts === 1 ? "attempt" : "attempts"}`, { cause: lastError });
    this.attempts = attempts;
    this.lastError = lastError;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** Whether `value` is a {@link RetryError}, of this copy of the package or any other. */
export function isRetryError(value: unknown): value is RetryError {
  return typeof value === "object" && value !== null && (value as { [BRAND]?: unknown })[BRAND] === true;
}
