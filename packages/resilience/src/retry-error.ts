import { recogniseByBrand } from "./brand.js";

/**
 * Failure of every attempt that was worth making. The message ends with the last error's, and `cause` is that error.
 * `instanceof` recognises it from every copy of the package.
 */
export class RetryError extends Error {
  override readonly name = "RetryError";

  static {
    recogniseByBrand(RetryError, "RetryError");
  }

  /** Error that the last attempt threw. */
  readonly lastError: unknown;
  /** Number of attempts that were made, the first included. */
  readonly attempts: number;

  constructor(attempts: number, lastError: unknown) {
    const made = `${attempts} ${attempts === 1 ? "attempt" : "attempts"}`;
    super(`gave up after ${made}: ${textOf(lastError)}`, { cause: lastError });
    this.attempts = attempts;
    this.lastError = lastError;
  }
}

/** Whether `value` is a {@link RetryError}, of this copy of the package or any other. */
export function isRetryError(value: unknown): value is RetryError {
  return value instanceof RetryError;
}

function textOf(error: unknown): string {
  if (error instanceof Error) return error.message === "" ? error.name : error.message;
  return typeof error === "string" ? error : `thrown: ${error === null ? "null" : typeof error}`;
}
