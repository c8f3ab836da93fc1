import { kindOf } from "./printable.js";

/** @throws {RangeError} naming `option` when `value` is not a number of seconds from `min` to `max`. */
export function assertSeconds(
  option: string,
  value: unknown,
  { min, max = Number.MAX_VALUE }: { readonly min: number; readonly max?: number },
): asserts value is number {
  if (typeof value === "number" && value >= min && value <= max) return;
  const got = typeof value === "number" ? String(value) : kindOf(value);
  const range = max === Number.MAX_VALUE ? `at least ${min}` : `from ${min} to ${max}`;
  throw new RangeError(`${option} must be a number of seconds, ${range}, got ${got}`);
}
