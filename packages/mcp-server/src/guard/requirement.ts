import { isTrustedAtLeast, isTrustLevel, type TrustLevel } from "@attest/core";
import { assertOptions, kindOf, printable } from "@attest/core/internal";
import type { Attested } from "../context/attestation-context.js";

/** What an agent must be to pass a guard: attested, and what else is said here. */
export interface AttestationRequirement {
  /** At least this trust level (provider > enterprise). Default: any verified agent. */
  readonly trustLevel?: TrustLevel | undefined;
  /** Attested by this issuer, or one of these. */
  readonly issuer?: string | readonly string[] | undefined;
  /** Anything else: only `true` lets the call pass. What it throws denies, too. */
  readonly check?: ((attestation: Attested) => boolean | Promise<boolean>) | undefined;
}

/** A requirement ready to be asked: why an agent does not meet it; `undefined` when it does. */
export type CompiledRequirement = (attestation: Attested) => Promise<string | undefined>;

/**
 * `requirement`, ready to be asked.
 *
 * @param owner whose requirement this is, for the messages of errors
 * @throws {TypeError} when the requirement itself makes no sense: found when the guard is built, not when it is used.
 */
export function compileRequirement(
  requirement: AttestationRequirement = {},
  owner = "requireAttestation",
): CompiledRequirement {
  assertOptions(owner, requirement, ["trustLevel", "issuer", "check"]);
  const { trustLevel, issuer, check } = requirement;
  if (trustLevel !== undefined && !isTrustLevel(trustLevel)) {
    throw new TypeError(
      `trustLevel must be one of provider, enterprise, none, got "${printable(String(trustLevel))}"`,
    );
  }
  const issuers = readIssuers(issuer);
  if (check !== undefined && typeof check !== "function") {
    throw new TypeError(`check must be a function, got ${kindOf(check)}`);
  }
  return async (attestation) => {
    if (trustLevel !== undefined && !isTrustedAtLeast(attestation.trustLevel, trustLevel)) {
      return `needs trust level ${trustLevel}, has ${attestation.trustLevel}`;
    }
    if (issuers && !issuers.has(attestation.issuer)) return "attested by an issuer that does not count here";
    if (check && (await check(attestation)) !== true) return "the guard's own check said no";
    return undefined;
  };
}

function readIssuers(issuer: AttestationRequirement["issuer"]): ReadonlySet<string> | undefined {
  if (issuer === undefined) return undefined;
  const issuers: unknown = typeof issuer === "string" ? [issuer] : issuer;
  const areNames =
    Array.isArray(issuers) &&
    issuers.length > 0 &&
    issuers.every((name) => typeof name === "string" && name !== "");
  if (!areNames) throw new TypeError(`issuer must be a string or a list of strings, got ${kindOf(issuer)}`);
  return new Set(issuers);
}
