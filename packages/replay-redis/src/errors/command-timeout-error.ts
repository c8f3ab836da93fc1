const BRAND = Symbol.for("@attest/CommandTimeoutError");

/**
 * Redis gave no answer in time. Whether it executed the command, or will, is not known.
 *
 * `instanceof` knows the errors of every copy of this package.
 */
export class CommandTimeoutError extends Error {
  override readonly name = "CommandTimeoutError";

  /** @param seconds the time that was waited */
  constructor(seconds: number) {
    super(`Redis gave no answer within ${Number(seconds.toFixed(3))} seconds`);
    Object.defineProperty(this, BRAND, { value: true });
  }

  static {
    Object.defineProperty(CommandTimeoutError, Symbol.hasInstance, { value: hasInstance });
  }
}

/** Whether `value` has the brand. A subclass, which inherits this method, knows its own instances. */
function hasInstance(this: unknown, value: unknown): boolean {
  if (this !== CommandTimeoutError) return Function.prototype[Symbol.hasInstance].call(this, value);
  return value instanceof Error && Object.hasOwn(value, BRAND);
}
