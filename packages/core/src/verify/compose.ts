import type { Check } from "./check.js";

/** The list with `check` right before the one called `name`. @throws {RangeError} when there is none of that name. */
export function insertBefore(checks: readonly Check[], name: string, check: Check): readonly Check[] {
  return checks.toSpliced(indexOf(checks, name), 0, check);
}

/** The list with `check` right after the one called `name`. @throws {RangeError} when there is none of that name. */
export function insertAfter(checks: readonly Check[], name: string, check: Check): readonly Check[] {
  return checks.toSpliced(indexOf(checks, name) + 1, 0, check);
}

/** The list with `check` in place of the one called `name`. @throws {RangeError} when there is none of that name. */
export function replaceCheck(checks: readonly Check[], name: string, check: Check): readonly Check[] {
  return checks.with(indexOf(checks, name), check);
}

/** The list without the check called `name`. @throws {RangeError} when there is none of that name. */
export function withoutCheck(checks: readonly Check[], name: string): readonly Check[] {
  return checks.toSpliced(indexOf(checks, name), 1);
}

function indexOf(checks: readonly Check[], name: string): number {
  const index = checks.findIndex((check) => check.name === name);
  if (index === -1) {
    throw new RangeError(
      `there is no check named "${name}"; there are ${checks.map((check) => check.name).join(", ")}`,
    );
  }
  return index;
}
