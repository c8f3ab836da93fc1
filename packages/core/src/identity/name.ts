import type { Option } from "../options/read-options.js";
import { kindOf } from "../printable.js";

const MAX_LENGTH = 256;

/** Whether `value` can name a model, a provider or a deployment: text of 1 to 256 characters. */
export function isName(value: unknown): value is string {
  if (typeof value !== "string" || value === "") return false;
  // Characters are code points, of which a string has at least half as many as UTF-16 units.
  return value.length <= MAX_LENGTH || (value.length <= 2 * MAX_LENGTH && [...value].length <= MAX_LENGTH);
}

/** Option that names a model, a provider or a deployment. */
export const nameOption: Option<string> = (value, option) => {
  if (isName(value)) return value;
  throw new TypeError(`${option} must be a string of 1 to ${MAX_LENGTH} characters, got ${kindOf(value)}`);
};
