/** The longest delay that timers can be set to; a longer one would run out at once. */
export const MAX_TIMER_SECONDS = 2_147_483;

export interface NumberBounds {
  readonly min: number;
  readonly max?: number;
  /** Default `false`: fractions are fine. */
  readonly whole?: boolean;
}

/** @throws {RangeError} naming `option` when `value` is not a number within the bounds. */
export function assertNumber(
  option: string,
  value: unknown,
  { min, max = Number.MAX_SAFE_INTEGER, whole = false }: NumberBounds,
): asserts value is number {
  const isFine = whole ? Number.isSafeInteger(value) : Number.isFinite(value);
  if (!isFine || (value as number) < min || (value as number) > max) {
    const got = typeof value === "number" ? String(value) : typeof value;
    const kind = whole ? "a whole number" : "a number";
    throw new RangeError(`${option} must be ${kind} from ${min} to ${max}, got ${got}`);
  }
}
