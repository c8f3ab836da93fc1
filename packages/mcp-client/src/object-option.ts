import { kindOf, type Option } from "@attest/core/internal";

/** An object that is judged where it is used. `what` names it in the messages of errors. */
export function objectOption<T extends object>(what: string): Option<T> {
  return (value, name) => {
    if (typeof value === "object" && value !== null) return value as T;
    throw new TypeError(`${name} must be ${what}, got ${kindOf(value)}`);
  };
}
