import { AgentIdentity, AgentIntegrity, AttestationMetadata, AttestationType } from "@attest/core";
import { ownerClaimsOf } from "../platforms/shared-platforms.js";
import { assertGlob, type ClaimPattern, readClaimPattern } from "./claim-pattern.js";
import type { Platform, Rule } from "./trust-policy.js";
import { TrustPolicyError } from "./trust-policy-error.js";
import type { WrittenRule } from "./written-policy.js";

/** Verifiers read 8192 bytes by default: this much, an audience of 2048 characters, and the rest, in base64url. */
const MAX_DESCRIPTION_CHARACTERS = 2560;

/**
 * Returns a rule as it is used.
 *
 * @param at where in the policy it stands, such as `rules[0]`
 * @throws {TrustPolicyError} when it trusts more than it can name, or what it gives is no attestation.
 */
export function readRule(written: WrittenRule, at: string, platform: Platform): Rule {
  const claims = readClaims(written.claims, `${at}.claims`);
  assertOwner(claims, platform, at);
  assertSize(written, at);
  for (const [index, audience] of written.audiences.entries())
    assertGlob(audience, `${at}.audiences[${index}]`);
  return Object.freeze({
    name: written.name,
    platform,
    claims,
    identity: madeAt(`${at}.agent`, () => new AgentIdentity(written.agent)),
    integrity: written.integrity && madeAt(`${at}.integrity`, () => new AgentIntegrity(written.integrity)),
    metadata: madeAt(
      `${at}.capabilities`,
      () =>
        new AttestationMetadata({
          attestationType: AttestationType.ENTERPRISE,
          safetyLevel: written.safetyLevel,
          capabilitiesDeclared: written.capabilities,
        }),
    ),
    subject: readSubject(written, at),
    audiences: Object.freeze([...written.audiences]),
    maxLifetimeSeconds: written.maxLifetime,
    requireBinding: written.requireBinding,
  });
}

function readClaims(written: WrittenRule["claims"], at: string): ReadonlyMap<string, ClaimPattern> {
  const members = Object.entries(written);
  if (members.length === 0)
    throw new TrustPolicyError(`${at} is empty, which every workload of the platform matches`);
  return new Map(members.map(([name, value]) => [name, readClaimPattern(value, `${at}.${name}`)]));
}

/** Everybody can have a workload on a shared platform, and names there can be registered again by others. */
function assertOwner(
  claims: ReadonlyMap<string, ClaimPattern>,
  { name, issuer }: Platform,
  at: string,
): void {
  const owners = issuer === undefined ? undefined : ownerClaimsOf(issuer);
  if (owners === undefined || owners.some((owner) => claims.get(owner)?.kind === "equal")) return;
  throw new TrustPolicyError(
    `${at}.claims trusts everybody on ${name}, which is shared: add ${owners[0]}, the owner's id, as an exact value`,
  );
}

/** @throws {TrustPolicyError} when the attestation would be longer than verifiers read. */
function assertSize({ agent, integrity, capabilities, subject }: WrittenRule, at: string): void {
  const { length } = JSON.stringify([agent, integrity, capabilities, subject]);
  if (length <= MAX_DESCRIPTION_CHARACTERS) return;
  throw new TrustPolicyError(
    `${at} describes the agent in ${length} characters; at most ${MAX_DESCRIPTION_CHARACTERS} fit into an attestation`,
  );
}

/** Default: the rule's name, below the issuer's trust domain. */
function readSubject({ name, subject }: WrittenRule, at: string): Rule["subject"] {
  if (subject !== undefined) return { id: subject };
  const segment = name.replaceAll(/[^A-Za-z0-9._-]+/g, "-").replaceAll(/^-|-$/g, "");
  if (/^\.{0,2}$/.test(segment))
    throw new TrustPolicyError(`${at}.name has no letter that a subject could be made of; add a subject`);
  return { path: `/agent/${segment}` };
}

/** Makes a part of the attestation, and names its place in the policy when it cannot be made. */
function madeAt<T>(place: string, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    throw new TrustPolicyError(`${place}: ${cause instanceof Error ? cause.message : "is wrong"}`, { cause });
  }
}
