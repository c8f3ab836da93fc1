import type { Clock } from "@attest/core";
import { clock, kindOf, type OptionsSpec, optional, readOptions, text } from "@attest/core/internal";
import { chooseRule } from "./policy/choose-rule.js";
import { isTrustPolicy, type Platform, type TrustPolicy } from "./policy/trust-policy.js";
import { findPlatform } from "./subject/find-platform.js";
import { Refusal } from "./subject/refusal.js";
import { parseSubjectToken, type SubjectToken } from "./subject/subject-token.js";
import { claimProblems, headerProblems, isAttestation } from "./subject/token-problems.js";

export interface ExplainOptions {
  /** Audience that would be asked for. Default: any that a rule allows. */
  readonly audience?: string | undefined;
  /** Source of the time. Default: the system's clock. */
  readonly clock?: Clock | undefined;
}

/** A policy's word on a token, and the reasons. Text of the token in it is escaped and cut. */
export interface Explanation {
  /** Whether the token would be exchanged, if its signature verifies. */
  readonly allowed: boolean;
  /** Rule that decides; `null` when none allows it. */
  readonly rule: string | null;
  /** Platform that the token says it comes from; `null` when the policy names no such one. */
  readonly platform: string | null;
  /** Problems of the token itself, whatever the rules say. */
  readonly problems: readonly string[];
  /** Rules of the platform, in order, with how the token differs from each. */
  readonly rules: readonly { readonly rule: string; readonly problems: readonly string[] }[];
}

interface ExplainSettings {
  readonly audience: string | undefined;
  readonly clock: Clock;
}

const OPTIONS: OptionsSpec<ExplainSettings> = { audience: optional(text()), clock: clock() };

/**
 * Returns what a trust policy says to a token, or to claims, and why: for operators, and never for callers. **The signature
 * is not verified**, and no platform is asked.
 *
 * @param token a platform's token, or the claims of one
 * @throws {TypeError} naming the argument that is wrong.
 */
export function explain(
  policy: TrustPolicy,
  token: string | Readonly<Record<string, unknown>>,
  options: ExplainOptions = {},
): Explanation {
  const { audience, clock } = readOptions("explain", options, OPTIONS);
  if (!isTrustPolicy(policy))
    throw new TypeError(`policy must be what readTrustPolicy returns, got ${kindOf(policy)}`);
  const parsed = parse(token);
  if (typeof parsed === "string") return refused(null, [parsed]);
  const platform = findPlatform(policy, parsed);
  if (isAttestation(parsed)) return refused(platform, ["an attestation is no subject token"]);
  if (platform === undefined) return refused(null, ["the policy names no platform of this token"]);
  const problems = [
    ...(typeof token === "string" ? headerProblems(parsed.header, platform) : []),
    ...claimProblems(parsed.claims, platform, clock.now()),
  ];
  const { rule, verdicts } = chooseRule(policy, platform, parsed.claims, audience);
  return {
    allowed: problems.length === 0 && rule !== undefined,
    rule: rule?.name ?? null,
    platform: platform.name,
    problems,
    rules: verdicts,
  };
}

/** Returns the token taken apart, or why it cannot be. */
function parse(token: unknown): Pick<SubjectToken, "header" | "claims"> | string {
  if (typeof token === "object" && token !== null && !Array.isArray(token))
    return { header: {}, claims: token as SubjectToken["claims"] };
  if (typeof token !== "string") throw new TypeError(`token must be text or claims, got ${kindOf(token)}`);
  try {
    return parseSubjectToken(token.trim());
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

function refused(platform: Platform | undefined | null, problems: readonly string[]): Explanation {
  return { allowed: false, rule: null, platform: platform?.name ?? null, problems, rules: [] };
}
