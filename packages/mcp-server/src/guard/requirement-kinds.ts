import { SafetyLevel } from "@attest/core";
import { areNames, kindOf, oneOf, printable } from "@attest/core/internal";
import { type TextMatcher, textMatcher } from "./text-matcher.js";

/*
 * The kinds of members that a requirement has, beside those that options have.
 */

/** One value, or a list of at least one. */
export type OneOrMore<Value extends string> = Value | readonly Value[];

/** Names that are compared exactly. */
export function exactNames(value: unknown, name: string): ReadonlySet<string> {
  const names = oneOrMore(value, name);
  const glob = names.find((each) => each.includes("*"));
  if (glob === undefined) return new Set(names);
  throw new TypeError(`${name} is compared exactly: a * stands for itself there, and no agent has it`);
}

/** Patterns of which one must match, in which `*` stands for any characters. */
export function globs(value: unknown, name: string): TextMatcher {
  const matchers = oneOrMore(value, name).map(textMatcher);
  return (text) => matchers.some((matches) => matches(text));
}

/** Patterns of SPIFFE IDs. */
export function subjects(value: unknown, name: string): TextMatcher {
  const matches = globs(value, name);
  const wrong = oneOrMore(value, name).find((each) => !/^(spiffe:\/\/[^/]|\*)/.test(each));
  if (wrong === undefined) return matches;
  throw new TypeError(`${name} is a SPIFFE ID, spiffe://…: "${printable(wrong)}" would match no agent`);
}

/** Safety levels. */
export function safetyLevels(value: unknown, name: string): ReadonlySet<SafetyLevel> {
  const level = oneOf(SafetyLevel);
  return new Set(oneOrMore(value, name).map((each) => level(each, name)));
}

function oneOrMore(value: unknown, name: string): readonly string[] {
  const names = typeof value === "string" ? [value] : value;
  if (areNames(names) && names.length > 0) return names;
  const got =
    value === "" ? "an empty string" : Array.isArray(value) ? "a list of something else" : kindOf(value);
  throw new TypeError(`${name} must be a string or a list of strings, got ${got}`);
}
