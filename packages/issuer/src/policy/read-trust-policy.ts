import { kindOf } from "@attest/core/internal";
import { assertMembers, parsePolicyText } from "./policy-document.js";
import { readPolicyShape } from "./policy-schema.js";
import { readPlatform } from "./read-platform.js";
import { readRule } from "./read-rule.js";
import { markAsRead, type Platform, type Rule, type TrustPolicy } from "./trust-policy.js";
import { TrustPolicyError } from "./trust-policy-error.js";

/**
 * Reads a trust policy: `{ platforms, rules }`, as YAML 1.2 or JSON text, or as the object that it stands for. Whatever no
 * rule allows is refused, and whatever could be meant otherwise is an error here: an unknown member, a member twice, a claim
 * that matches everything, a rule on a shared platform that names no owner.
 *
 * @throws {TrustPolicyError} naming the first member that is wrong.
 */
export function readTrustPolicy(policy: string | object): TrustPolicy {
  const document = typeof policy === "string" ? parsePolicyText(policy) : policy;
  if (typeof document !== "object" || document === null)
    throw new TrustPolicyError(
      `the policy must be a mapping with platforms and rules, got ${kindOf(document)}`,
    );
  assertMembers(document);
  const written = readPolicyShape(document);
  const platforms = new Map(
    Object.entries(written.platforms).map(([name, platform]) => [name, readPlatform(name, platform)]),
  );
  assertDistinct(platforms.values());
  const rules = written.rules.map((rule, index) => {
    const at = `rules[${index}]`;
    const platform = platforms.get(rule.from);
    if (platform !== undefined) return readRule(rule, at, platform);
    const known = [...platforms.keys()].join(", ") || "none";
    throw new TrustPolicyError(`${at}.from names no platform; known: ${known}`);
  });
  assertOwnNames(rules);
  return markAsRead({ platforms: Object.freeze([...platforms.values()]), rules: Object.freeze(rules) });
}

/** A token belongs to one platform, or the keys of one could speak for another. */
function assertDistinct(platforms: Iterable<Platform>): void {
  const seen = new Map<string, string>();
  for (const { name, issuer, trustDomain } of platforms) {
    for (const identity of [issuer, trustDomain && `spiffe://${trustDomain}`]) {
      if (identity === undefined) continue;
      const other = seen.get(identity);
      if (other !== undefined)
        throw new TrustPolicyError(`platforms.${name} is ${identity}, as platforms.${other} is already`);
      seen.set(identity, name);
    }
  }
}

/** Rules are told apart by their names in logs; agents of one subject are one agent to servers. */
function assertOwnNames(rules: readonly Rule[]): void {
  const names = new Set<string>();
  const paths = new Set<string>();
  for (const [index, { name, subject }] of rules.entries()) {
    if (names.has(name)) throw new TrustPolicyError(`rules[${index}].name is another rule's already`);
    names.add(name);
    if (!("path" in subject)) continue;
    if (paths.has(subject.path))
      throw new TrustPolicyError(`rules[${index}].name makes the subject of another rule; add a subject`);
    paths.add(subject.path);
  }
}
