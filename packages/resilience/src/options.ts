/** Longest delay that timers can be set to, in seconds; a longer one would run out at once. */
export const MAX_TIMER_SECONDS = 2_147_483;

export interface NumberBounds {
  readonly min: number;
  readonly max?: number;
  /** Whether fractions are refused. Default: `false`. */
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

/**
 * Checks the names of options: a misspelt option would silently leave its default in place.
 *
 * @throws {TypeError} when `options` is not an object, or has a member that is not among `known`.
 */
export function assertOptions(owner: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      `${owner} takes an object of options, got ${options === null ? "null" : typeof options}`,
    );
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new TypeError(`${owner}: unknown option "${unknown}"; known options: ${known.join(", ")}`);
}
