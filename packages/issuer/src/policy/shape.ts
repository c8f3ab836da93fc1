import { closest, printable } from "@attest/core/internal";
import * as v from "valibot";
import { TrustPolicyError } from "./trust-policy-error.js";

/**
 * Returns a document of the right shape.
 *
 * @param what names the whole document in messages
 * @param known names that a misspelt member may be meant for
 * @throws {TrustPolicyError} naming the first member whose shape is wrong.
 */
export function readShape<T>(
  schema: v.GenericSchema<unknown, T>,
  document: unknown,
  what: string,
  known: readonly string[],
): T {
  const parsed = v.safeParse(schema, document, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new TrustPolicyError(`${pathOf(issue) || what} ${problemOf(issue, known)}`);
}

function pathOf(issue: v.BaseIssue<unknown>): string {
  return (issue.path ?? []).reduce<string>((before, { key }) => pathTo(before, key), "");
}

/** Returns the path of a member below another, such as `rules[0].claims`. */
export function pathTo(parent: string, key: unknown): string {
  if (typeof key === "number") return `${parent}[${key}]`;
  return parent === "" ? printable(String(key)) : `${parent}.${printable(String(key))}`;
}

/** Returns what is wrong, to follow the member's name. */
function problemOf(issue: v.BaseIssue<unknown>, known: readonly string[]): string {
  if (issue.type !== "strict_object") return issue.message;
  if (issue.expected !== "never") return issue.expected === "Object" ? "must be a mapping" : "is missing";
  const name = String(issue.path?.at(-1)?.key);
  // A name that is known elsewhere is meant for another one here.
  const meant = closest(
    name,
    known.filter((other) => other !== name),
  );
  return `is not a known member${meant === undefined ? "" : `; did you mean "${meant}"?`}`;
}
