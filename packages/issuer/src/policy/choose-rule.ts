import { matchesGlob } from "./glob.js";
import { type Mismatch, mismatches } from "./match-claims.js";
import type { Platform, Rule, TrustPolicy } from "./trust-policy.js";

/** What one rule says to a workload. */
export interface RuleVerdict {
  readonly rule: Rule;
  /** How the token's claims differ from what the rule asks. */
  readonly mismatches: readonly Mismatch[];
  /** Whether the rule allows the audience that is asked for; `true` where none is. */
  readonly allowsAudience: boolean;
}

export type Choice =
  | { readonly kind: "rule"; readonly rule: Rule }
  /** No rule of the platform matches the workload's claims. */
  | { readonly kind: "no_rule"; readonly verdicts: readonly RuleVerdict[] }
  /** Rules match, and none allows the audience. */
  | { readonly kind: "no_audience"; readonly verdicts: readonly RuleVerdict[] };

/** Returns the first rule that a workload's claims match and that allows the audience. */
export function chooseRule(
  policy: TrustPolicy,
  platform: Platform,
  claims: Readonly<Record<string, unknown>>,
  audience: string | undefined,
): Choice {
  const verdicts = policy.rules
    .filter((rule) => rule.platform === platform)
    .map((rule) => ({
      rule,
      mismatches: mismatches(rule.claims, claims),
      allowsAudience: audience === undefined || rule.audiences.some((glob) => matchesGlob(glob, audience)),
    }));
  const matching = verdicts.filter((verdict) => verdict.mismatches.length === 0);
  const chosen = matching.find((verdict) => verdict.allowsAudience);
  if (chosen !== undefined) return { kind: "rule", rule: chosen.rule };
  return { kind: matching.length === 0 ? "no_rule" : "no_audience", verdicts };
}
