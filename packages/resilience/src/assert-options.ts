/**
 * A misspelt option would silently leave its default in place, so names are checked, not only values.
 *
 * @throws {TypeError} when `options` is no object, or has a member that is not among `known`.
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
