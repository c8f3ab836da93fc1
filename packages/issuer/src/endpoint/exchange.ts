import type { AttestationProvider, Clock } from "@attest/core";
import { chooseRule, type RuleVerdict } from "../policy/choose-rule.js";
import type { Rule } from "../policy/trust-policy.js";
import type { PolicyInForce } from "../policy-in-force.js";
import { Refusal, type RefusalAbout } from "../subject/refusal.js";
import { verifySubjectToken, type Workload } from "../subject/verify-subject-token.js";
import type { ExchangeRequest } from "./exchange-request.js";

/** Attestation that was issued, and why. */
export interface Issued {
  readonly token: string;
  readonly rule: Rule;
  readonly workload: Workload;
  readonly subject: string;
}

export interface ExchangeContext {
  readonly provider: AttestationProvider;
  readonly inForce: PolicyInForce;
  readonly clock: Clock;
}

/**
 * Returns the attestation that a workload's token is exchanged for (protocol §9).
 *
 * @throws {Refusal} when there is none for it.
 */
export async function exchange(
  { subjectToken, audience }: ExchangeRequest,
  { provider, inForce, clock }: ExchangeContext,
): Promise<Issued> {
  const { policy } = inForce;
  const workload = await verifySubjectToken(subjectToken, {
    issuer: provider.issuer,
    policy,
    getKey: (platform, kid) => inForce.getKey(platform, kid),
    now: clock.now(),
  });
  const rule = ruleFor(workload, inForce, audience);
  const subject = inForce.subjectOf(rule);
  try {
    const token = await provider.createToken({
      identity: rule.identity,
      integrity: rule.integrity,
      metadata: rule.metadata,
      audience,
      subject,
      lifetimeSeconds: rule.maxLifetimeSeconds,
    });
    return { token, rule, workload, subject };
  } catch (cause) {
    throw new Refusal("issuer_failed", "the attestation could not be signed", {
      ...aboutWorkload(workload),
      rule: rule.name,
      cause,
    });
  }
}

/** @throws {Refusal} saying how the workload differs from each rule, when none allows it. */
function ruleFor(workload: Workload, { policy }: PolicyInForce, audience: string): Rule {
  const choice = chooseRule(policy, workload.platform, workload.claims, audience);
  if (choice.kind === "rule") return choice.rule;
  const about = { ...aboutWorkload(workload), rules: choice.verdicts.map(aboutVerdict) };
  throw choice.kind === "no_rule"
    ? new Refusal("not_allowed", "no rule matches the workload's claims", about)
    : new Refusal("audience_not_allowed", "no rule that matches the workload allows the audience", about);
}

function aboutWorkload({ platform, subject }: Workload): RefusalAbout {
  return { platform: platform.name, platformSubject: subject };
}

function aboutVerdict({ rule, mismatches, allowsAudience }: RuleVerdict): {
  readonly rule: string;
  readonly problems: readonly string[];
} {
  const problems = mismatches.map(({ claim, problem }) => `${claim} ${problem}`);
  return {
    rule: rule.name,
    problems: allowsAudience ? problems : [...problems, "the audience is not allowed"],
  };
}
