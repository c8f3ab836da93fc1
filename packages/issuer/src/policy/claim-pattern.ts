import { kindOf, printable } from "@attest/core/internal";
import { TrustPolicyError } from "./trust-policy-error.js";

/** A rule's demand on a claim. */
export type ClaimPattern =
  /** The claim is this very value, of the same type. */
  | { readonly kind: "equal"; readonly value: string | number | boolean }
  /** The claim is text that matches, see `matchesGlob`. */
  | { readonly kind: "glob"; readonly glob: string }
  /** The claim is a list, in which every pattern has an entry that matches it. */
  | { readonly kind: "list"; readonly entries: readonly ClaimPattern[] }
  /** The claim is an object, whose members match. */
  | { readonly kind: "members"; readonly members: ReadonlyMap<string, ClaimPattern> };

const MAX_DEPTH = 8;

/**
 * Reads what the policy's file has under `claims`, or below it.
 *
 * @param at where in the policy it stands, such as `rules[0].claims.ref`
 * @throws {TrustPolicyError} when it is nothing that a claim can be compared with, or would match every claim.
 */
export function readClaimPattern(value: unknown, at: string, depth = 0): ClaimPattern {
  if (depth > MAX_DEPTH) throw new TrustPolicyError(`${at} is nested more than ${MAX_DEPTH} deep`);
  if (Array.isArray(value)) return readList(value, at, depth);
  switch (typeof value) {
    case "string":
      return readText(value, at);
    case "number":
      // Identifiers beyond it have been rounded when they were read, and would match another's.
      if (!Number.isSafeInteger(value))
        throw new TrustPolicyError(
          `${at} is a number that cannot be compared exactly; write a whole one, or text`,
        );
      return { kind: "equal", value };
    case "boolean":
      return { kind: "equal", value };
    default:
      if (typeof value === "object" && value !== null) return readMembers(value, at, depth);
      throw new TrustPolicyError(`${at} has no value to compare with, got ${kindOf(value)}`);
  }
}

function readText(value: string, at: string): ClaimPattern {
  if (value === "") throw new TrustPolicyError(`${at} is empty; name the value that the claim must have`);
  // A star that was meant to match and is compared would be a rule that never applies.
  if (value.includes("*")) {
    throw new TrustPolicyError(`${at} has a "*"; values are compared exactly, unless marked: { glob: … }`);
  }
  return { kind: "equal", value };
}

function readList(values: readonly unknown[], at: string, depth: number): ClaimPattern {
  if (values.length === 0) throw new TrustPolicyError(`${at} is an empty list, which every list contains`);
  return {
    kind: "list",
    entries: values.map((entry, index) => readClaimPattern(entry, `${at}[${index}]`, depth + 1)),
  };
}

function readMembers(value: object, at: string, depth: number): ClaimPattern {
  const members = Object.entries(value);
  if (members.length === 0) throw new TrustPolicyError(`${at} is empty, which everything matches`);
  if (members.length === 1 && members[0]?.[0] === "glob") return readGlob(members[0][1], `${at}.glob`);
  return {
    kind: "members",
    members: new Map(
      members.map(([name, member]) => [
        name,
        readClaimPattern(member, `${at}.${printable(name)}`, depth + 1),
      ]),
    ),
  };
}

/** @throws {TrustPolicyError} when it is no glob. */
function readGlob(value: unknown, at: string): ClaimPattern {
  if (typeof value !== "string") throw new TrustPolicyError(`${at} must be text, got ${kindOf(value)}`);
  assertGlob(value, at);
  if (!value.includes("*")) throw new TrustPolicyError(`${at} has no "*"; write the value without glob`);
  return { kind: "glob", glob: value };
}

/** @throws {TrustPolicyError} when two stars stand side by side: one stands for as much. */
export function assertGlob(glob: string, at: string): void {
  if (!glob.includes("**")) return;
  throw new TrustPolicyError(
    `${at} has "**"; "*" stands for letters, digits, "_" and "-", and for nothing else`,
  );
}
