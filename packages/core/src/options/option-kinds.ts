import { type Clock, systemClock } from "../clock.js";
import type { AttestationObserver } from "../observer.js";
import { kindOf, printable } from "../printable.js";
import type { Option } from "./read-options.js";

/*
 * The kinds of options there are. Each takes the default, where there is one; without one the option has to be given.
 */

/** The longest time, in seconds, that timers can be set to; beyond it they fire at once. */
export const MAX_TIMER_SECONDS = 2_147_483;

interface Range {
  readonly min?: number;
  readonly max?: number;
}

/** A time in seconds, from 0 or `min` to `max`; fractions are allowed. */
export function seconds(fallback: number, { min = 0, max = Number.MAX_VALUE }: Range = {}): Option<number> {
  return (value = fallback, name) => {
    if (typeof value === "number" && value >= min && value <= max) return value;
    throw new RangeError(`${name} must be a number of seconds, ${rangeOf(min, max)}, got ${shown(value)}`);
  };
}

/** A whole number, from 1 or `min` to `max`. */
export function count(
  fallback: number,
  { min = 1, max = Number.MAX_SAFE_INTEGER }: Range = {},
): Option<number> {
  return (value = fallback, name) => {
    if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) {
      return value as number;
    }
    throw new RangeError(`${name} must be an integer, ${rangeOf(min, max)}, got ${shown(value)}`);
  };
}

/** `true` or `false`. */
export function flag(fallback: boolean): Option<boolean> {
  return (value = fallback, name) => {
    if (typeof value === "boolean") return value;
    throw new TypeError(`${name} must be true or false, got ${kindOf(value)}`);
  };
}

/** One of the values of a closed set. */
export function oneOf<T extends string>(set: Readonly<Record<string, T>>, fallback?: T): Option<T> {
  const values = Object.values(set);
  return (value = fallback, name) => {
    if (values.includes(value as T)) return value as T;
    const got = typeof value === "string" ? `"${printable(value)}"` : kindOf(value);
    throw new TypeError(`${name} must be one of ${values.join(", ")}, got ${got}`);
  };
}

/** Text that is not empty. */
export function text(): Option<string> {
  return (value, name) => {
    if (typeof value === "string" && value !== "") return value;
    throw new TypeError(`${name} must be a non-empty string, got ${kindOf(value)}`);
  };
}

/** A list of texts, none of them empty; the list itself may be. */
export function names(fallback?: readonly string[]): Option<readonly string[]> {
  return (value = fallback, name) => {
    if (areNames(value)) return value;
    throw new TypeError(`${name} must be a list of non-empty strings, got ${kindOf(value)}`);
  };
}

/** Whether `value` is a list of texts, none of them empty. */
export function areNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string" && entry !== "");
}

/** A function. */
export function callback<F extends (...args: never[]) => unknown>(fallback?: F): Option<F> {
  return (value = fallback, name) => {
    if (typeof value === "function") return value as F;
    throw new TypeError(`${name} must be a function, got ${kindOf(value)}`);
  };
}

/** An object with these methods. `what` says how such an object is made, for the messages of errors. */
export function having<T extends object>(what: string, ...methods: readonly (keyof T & string)[]): Option<T> {
  return (value, name) => {
    const members = membersOf(value);
    if (methods.every((method) => typeof members[method] === "function")) return value as T;
    throw new TypeError(`${name} must be ${what}, got ${kindOf(value)}`);
  };
}

const CLOCK = having<Clock>("a Clock: { now() } in seconds, such as { now: () => Date.now() / 1000 }", "now");

/** A {@link Clock}; the system's unless another is given. */
export function clock(): Option<Clock> {
  return (value = systemClock, name) => {
    const clock = CLOCK(value, name);
    if (value === Date) throw new TypeError(`${name} gives milliseconds: { now: () => Date.now() / 1000 }`);
    return clock;
  };
}

/** An {@link AttestationObserver}, or none. */
export function observer<Event extends { readonly type: string }>(): Option<
  AttestationObserver<Event> | undefined
> {
  return optional(having<AttestationObserver<Event>>("an AttestationObserver: { record(event) }", "record"));
}

/** An option that may be left out, and is `undefined` then. */
export function optional<T>(option: Option<T>): Option<T | undefined> {
  return (value, name) => (value === undefined ? undefined : option(value, name));
}

/** An option that may be `null`, since `null` is never written by mistake. */
export function nullable<T>(option: Option<T>): Option<T | null> {
  return (value, name) => (value === null ? null : option(value, name));
}

/** Returns the members of any `value`. A value that is no object has none of its own. */
export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return Object(value) as Readonly<Record<string, unknown>>;
}

function rangeOf(min: number, max: number): string {
  return max === Number.MAX_VALUE || max === Number.MAX_SAFE_INTEGER
    ? `at least ${min}`
    : `from ${min} to ${max}`;
}

function shown(value: unknown): string {
  return typeof value === "number" ? String(value) : kindOf(value);
}
