import { kindOf, printable } from "@attest/core/internal";
import { parseDocument } from "yaml";
import { pathTo } from "./shape.js";
import { TrustPolicyError } from "./trust-policy-error.js";

const MAX_CHARACTERS = 1_048_576;
const MAX_DEPTH = 32;

/** Names under which an object does not keep what it is given, in one library or another. */
const FORBIDDEN = ["__proto__", "constructor", "prototype"];

/**
 * Returns the document in YAML 1.2 or JSON `text`: one document, with no member twice, and no tags of its own.
 *
 * @throws {TrustPolicyError} naming the line of what is wrong.
 */
export function parsePolicyText(text: string): unknown {
  if (text.length > MAX_CHARACTERS) {
    throw new TrustPolicyError(`the policy is longer than ${MAX_CHARACTERS} characters`);
  }
  const document = parseDocument(text, { version: "1.2", schema: "core", logLevel: "error" });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) {
    const line = problem.linePos?.[0].line;
    const where = line === undefined ? "" : ` at line ${line}`;
    throw new TrustPolicyError(
      `the policy is not YAML${where}: ${printable(problem.message.split("\n")[0] ?? "")}`,
    );
  }
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw new TrustPolicyError("the policy repeats parts of itself too often", { cause });
  }
}

/** @throws {TrustPolicyError} when a member anywhere in `document` is undefined, or has a name that readers drop in silence. */
export function assertMembers(document: unknown, at = "", depth = 0): void {
  if (typeof document !== "object" || document === null) return;
  if (depth > MAX_DEPTH) throw new TrustPolicyError(`the policy is nested more than ${MAX_DEPTH} deep`);
  const isPlain = Array.isArray(document) || Object.prototype.toString.call(document) === "[object Object]";
  if (!isPlain) throw new TrustPolicyError(`${at || "the policy"} must be plain, got ${kindOf(document)}`);
  const members = Array.isArray(document) ? document.entries() : Object.entries(document);
  for (const [name, member] of members) {
    const path = pathTo(at, name);
    // Leaving out is weaker than many a value could be.
    if (member === undefined)
      throw new TrustPolicyError(`${path} is present but undefined: leave it out, or give it a value`);
    if (FORBIDDEN.includes(String(name)))
      throw new TrustPolicyError(`${path}: a member cannot have this name`);
    assertMembers(member, path, depth + 1);
  }
}
