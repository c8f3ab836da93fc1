import { matchesGlob } from "./glob.js";
import { mismatches } from "./match-claims.js";
import type { Platform, Rule, TrustPolicy } from "./trust-policy.js";

/** One rule's word on a workload. */
export interface RuleVerdict {
  readonly rule: string;
  /** How the workload differs from what the rule asks, for operators; nothing where the rule allows it. */
  readonly problems: readonly string[];
}

/** Decision of a policy about a workload. */
export interface Choice {
  /** Rule that allows it. */
  readonly rule: Rule | undefined;
  /** Whether a rule matches the workload's claims, whatever the audience. */
  readonly isKnown: boolean;
  /** Rules of the platform, in order. */
  readonly verdicts: readonly RuleVerdict[];
}

/**
 * Decides by the first rule that a workload's claims match and that allows the audience.
 *
 * @param audience `undefined` for any that a rule allows
 */
export function chooseRule(
  policy: TrustPolicy,
  platform: Platform,
  claims: Readonly<Record<string, unknown>>,
  audience: string | undefined,
): Choice {
  let chosen: Rule | undefined;
  let isKnown = false;
  const verdicts: RuleVerdict[] = [];
  for (const rule of policy.rules) {
    if (rule.platform !== platform) continue;
    const problems = mismatches(rule.claims, claims).map(({ claim, problem }) => `${claim} ${problem}`);
    isKnown ||= problems.length === 0;
    if (audience !== undefined && !rule.audiences.some((glob) => matchesGlob(glob, audience)))
      problems.push("the audience is not allowed");
    if (problems.length === 0) chosen ??= rule;
    verdicts.push({ rule: rule.name, problems });
  }
  return { rule: chosen, isKnown, verdicts };
}
