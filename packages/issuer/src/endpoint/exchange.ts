import type { AttestationProvider, Ed25519PublicKey } from "@attest/core";
import { withDeadline } from "@attest/core/internal";
import { chooseRule } from "../policy/choose-rule.js";
import type { Rule } from "../policy/trust-policy.js";
import type { PolicyInForce } from "../policy-in-force.js";
import { Refusal, type RefusalAbout } from "../subject/refusal.js";
import { verifySubjectToken, type Workload } from "../subject/verify-subject-token.js";
import { type ConfirmContext, confirmKey } from "./confirm-key.js";
import type { ExchangeRequest } from "./exchange-request.js";

/** Attestation that was issued, and why. */
export interface Issued {
  readonly token: string;
  readonly rule: Rule;
  readonly workload: Workload;
  readonly subject: string;
  /** Key that it is bound to. */
  readonly confirmationKey: Ed25519PublicKey | undefined;
}

export interface ExchangeContext extends ConfirmContext {
  readonly provider: AttestationProvider;
  readonly inForce: PolicyInForce;
}

/**
 * Returns the attestation that a workload's token is exchanged for (protocol §9).
 *
 * @throws {Refusal} when there is none for it.
 */
export async function exchange(asked: ExchangeRequest, context: ExchangeContext): Promise<Issued> {
  const { provider, inForce, issuer, timeoutSeconds, clock } = context;
  const { audience } = asked;
  const workload = await verifySubjectToken(asked.subjectToken, {
    issuer,
    policy: inForce.policy,
    getKey: (platform, kid) => inForce.getKey(platform, kid),
    now: clock.now(),
  });
  const rule = ruleFor(workload, inForce, audience);
  const about = { ...aboutWorkload(workload), rule: rule.name };
  if (rule.requireBinding && asked.confirmation === undefined)
    throw new Refusal("binding_required", "the rule asks for a key to bind the attestation to", about);
  const confirmationKey = await confirmKey(asked, context, about);
  const subject = inForce.subjectOf(rule);
  try {
    const signing = provider.createToken({
      identity: rule.identity,
      integrity: rule.integrity,
      metadata: rule.metadata,
      audience,
      subject,
      lifetimeSeconds: rule.maxLifetimeSeconds,
      confirmationKey,
    });
    const onTimeout = (): Error => new Error(`the signer took longer than ${timeoutSeconds} seconds`);
    const token = await withDeadline(signing, timeoutSeconds, onTimeout);
    return { token, rule, workload, subject, confirmationKey };
  } catch (cause) {
    throw new Refusal("issuer_failed", "the attestation could not be signed", { ...about, cause });
  }
}

/** @throws {Refusal} saying how the workload differs from each rule, when none allows it. */
function ruleFor(workload: Workload, { policy }: PolicyInForce, audience: string): Rule {
  const { rule, isKnown, verdicts } = chooseRule(policy, workload.platform, workload.claims, audience);
  if (rule !== undefined) return rule;
  const about = { ...aboutWorkload(workload), rules: verdicts };
  throw isKnown
    ? new Refusal("audience_not_allowed", "no rule that matches the workload allows the audience", about)
    : new Refusal("not_allowed", "no rule matches the workload's claims", about);
}

function aboutWorkload({ platform, subject }: Workload): RefusalAbout {
  return { platform: platform.name, platformSubject: subject };
}
