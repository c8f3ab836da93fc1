import { kindOf, printable } from "./printable.js";

/**
 * A misspelt option would silently leave a check out, so names are checked, not only values.
 *
 * @throws {TypeError} when `options` is no object, or has a member that is not among `known`.
 */
export function assertOptions(
  owner: string,
  options: unknown,
  known: readonly string[],
): asserts options is object {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TypeError(`${owner} takes an object of options, got ${kindOf(options)}`);
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(
      `${owner}: unknown option "${printable(unknown)}"; known options: ${known.join(", ")}`,
    );
  }
}
