import * as v from "valibot";

/** Fault in a value, and its place there. */
export interface Problem {
  /** Such as `audience` or `0.apiKey`; empty for the whole value. */
  readonly field: string;
  /** Follows the field's name: `must be a string`. Never repeats the value. */
  readonly problem: string;
}

/** An issue of a schema whose messages follow a field's name. */
export function describeIssue(issue: v.BaseIssue<unknown>): Problem {
  return { field: v.getDotPath(issue) ?? "", problem: issue.message };
}

/** The message of a strict object: it speaks for its missing and its unknown members too. */
export function objectMessage(issue: v.StrictObjectIssue): string {
  if (issue.expected === "never") return "is not a known member";
  return issue.expected === "Object" ? "must be a JSON object" : "is missing";
}
