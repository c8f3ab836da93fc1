import { kindOf, printable } from "@attest/core/internal";
import type { ClaimPattern } from "./claim-pattern.js";
import { matchesGlob } from "./glob.js";

/** Claim that is not as a rule asks. For operators: both sides are told. */
export interface Mismatch {
  /** Path of the claim, such as `kubernetes.io.namespace`. */
  readonly claim: string;
  /** The difference, in a sentence. The token's text in it is escaped and cut. */
  readonly problem: string;
}

/** Returns how `claims` differ from what a rule asks; nothing when they match. */
export function mismatches(
  pattern: ReadonlyMap<string, ClaimPattern>,
  claims: Readonly<Record<string, unknown>>,
  path = "",
): readonly Mismatch[] {
  return [...pattern].flatMap(([name, wanted]) => {
    const claim = path + printable(name);
    if (!Object.hasOwn(claims, name)) return [{ claim, problem: "is missing" }];
    return mismatchesOf(wanted, claims[name], claim);
  });
}

function mismatchesOf(wanted: ClaimPattern, actual: unknown, claim: string): readonly Mismatch[] {
  switch (wanted.kind) {
    case "equal":
      return actual === wanted.value ? [] : [{ claim, problem: inequality(wanted.value, actual) }];
    case "glob": {
      const isMatch = typeof actual === "string" && matchesGlob(wanted.glob, actual);
      return isMatch ? [] : [{ claim, problem: `is ${shown(actual)}, and does not match ${wanted.glob}` }];
    }
    case "list": {
      if (!Array.isArray(actual)) return [{ claim, problem: `is ${shown(actual)}, and not a list` }];
      return wanted.entries
        .filter((entry) => !actual.some((other) => mismatchesOf(entry, other, claim).length === 0))
        .map((entry) => ({ claim, problem: `is a list without ${described(entry)}` }));
    }
    case "members":
      if (typeof actual !== "object" || actual === null || Array.isArray(actual))
        return [{ claim, problem: `is ${shown(actual)}, and not an object` }];
      return mismatches(wanted.members, actual as Record<string, unknown>, `${claim}.`);
  }
}

function inequality(wanted: string | number | boolean, actual: unknown): string {
  const problem = `is ${shown(actual)}, and not ${shown(wanted)}`;
  if (Array.isArray(actual)) return `${problem}; to ask for an entry of a list, write a list`;
  // A claim that is an object may have a toString of its own.
  const isOfOtherType = typeof actual !== typeof wanted && typeof actual !== "object";
  return isOfOtherType && String(actual) === String(wanted)
    ? `${problem}; the types differ, and quotes make text`
    : problem;
}

function shown(value: unknown): string {
  if (typeof value === "string") return `"${printable(value)}"`;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : kindOf(value);
}

function described(pattern: ClaimPattern): string {
  if (pattern.kind === "equal") return shown(pattern.value);
  return pattern.kind === "glob" ? `a match of ${pattern.glob}` : `such ${pattern.kind}`;
}
