import { isTrustedAtLeast, type SafetyLevel, TrustLevel } from "@attest/core";
import { callback, kindOf, oneOf, optional, readOptions, stated } from "@attest/core/internal";
import type { Attested } from "../context/attestation-context.js";
import { exactNames, globs, type OneOrMore, safetyLevels, subjects } from "./requirement-kinds.js";

/** Demands on an agent that is to pass a guard: attested, and everything that is said here. */
export interface AttestationRequirement {
  /** At least this trust level: provider > enterprise > none. `none` is met by any attested agent. Default: any. */
  readonly trustLevel?: TrustLevel;
  /** Attested by this issuer, or by one of these. Compared exactly. Default: any. */
  readonly issuer?: OneOrMore<string>;
  /**
   * The agent's SPIFFE ID, or several of which one must match. `*` stands for any characters, as in
   * `spiffe://example.com/model/*`. Default: any.
   */
  readonly subject?: OneOrMore<string>;
  /** The provider of the agent's model, or several of which one must be it. Compared exactly. Default: any. */
  readonly provider?: OneOrMore<string>;
  /**
   * The agent's model by its version, such as `claude-sonnet-4`, or several of which one must match. `*` stands for any
   * characters. Default: any.
   */
  readonly model?: OneOrMore<string>;
  /** The safety level under which the model runs, or several of which one must be it. Default: any. */
  readonly safetyLevel?: OneOrMore<SafetyLevel>;
  /** A capability that the agent must declare, or several of which it must declare all. Default: none. */
  readonly capability?: OneOrMore<string>;
  /**
   * Anything else. Only `true` lets the call pass. A text denies it and says why, to the operator alone. A check that
   * throws denies, too.
   */
  readonly check?: (attestation: Attested) => CheckVerdict | Promise<CheckVerdict>;
}

/** `true`: the call may pass. `false`, or the reason as text: it may not. */
export type CheckVerdict = boolean | string;

/** A requirement ready to be asked. Returns why an agent does not meet it; `undefined` when the agent does. */
export type CompiledRequirement = (attestation: Attested) => Promise<string | undefined>;

const SPEC = {
  trustLevel: stated(optional(oneOf(TrustLevel))),
  issuer: stated(optional(exactNames)),
  subject: stated(optional(subjects)),
  provider: stated(optional(exactNames)),
  model: stated(optional(globs)),
  safetyLevel: stated(optional(safetyLevels)),
  capability: stated(optional(exactNames)),
  check: stated(optional(callback<NonNullable<AttestationRequirement["check"]>>())),
};

/**
 * Returns `requirement` ready to be asked.
 *
 * @param owner whose requirement this is, for the messages of errors
 * @throws {TypeError} when the requirement itself makes no sense: found when the guard is built, not when it is used.
 */
export function compileRequirement(requirement: unknown, owner: string): CompiledRequirement {
  const { trustLevel, issuer, subject, provider, model, safetyLevel, capability, check } = readOptions<{
    readonly [Name in keyof typeof SPEC]: ReturnType<(typeof SPEC)[Name]>;
  }>(owner, requirement, SPEC);

  function factMissing({
    trustLevel: level,
    issuer: by,
    subject: agent,
    claims,
  }: Attested): string | undefined {
    const { agentIdentity, attestationMetadata } = claims;
    if (trustLevel !== undefined && !isTrustedAtLeast(level, trustLevel)) {
      return `needs trust level ${trustLevel}, has ${level}`;
    }
    if (issuer && !issuer.has(by)) return "attested by an issuer that does not count here";
    if (subject && !subject(agent)) return "the subject does not count here";
    if (provider && !provider.has(agentIdentity.provider)) return "the model's provider does not count here";
    if (model && !model(agentIdentity.modelVersion)) return "the model does not count here";
    if (safetyLevel && !safetyLevel.has(attestationMetadata.safetyLevel)) {
      return `the safety level ${attestationMetadata.safetyLevel} does not count here`;
    }
    const declared = attestationMetadata.capabilitiesDeclared;
    const lacking = capability && [...capability].find((name) => !declared.includes(name));
    return lacking === undefined ? undefined : `the capability "${lacking}" is not declared`;
  }

  return async (attestation) => {
    const missing = factMissing(attestation);
    if (missing !== undefined || check === undefined) return missing;
    const verdict: unknown = await check(attestation);
    if (verdict === true) return undefined;
    if (typeof verdict === "string" && verdict !== "") return verdict;
    const returned = verdict === false ? "false" : `neither true nor false, but ${kindOf(verdict)}`;
    return `the requirement's check returned ${returned}`;
  };
}
