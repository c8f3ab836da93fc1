import { AttestationError, AttestationErrorCode } from "../../errors.js";
import { trustDomainOf } from "../../identity/spiffe-id.js";
import { assertOptions } from "../../options/read-options.js";
import { printable } from "../../printable.js";
import { type Check, defineOwnCheck } from "../check.js";
import { OPTION_NAMES } from "../option-names.js";
import { isTrustedAtLeast, trustLevelOf } from "../trust.js";
import { readTrustedIssuers, type TrustedIssuer } from "../trusted-issuer.js";

export interface IssuerOptions {
  /** Who may vouch, and for which trust domains, providers and level. At least one. */
  readonly trustedIssuers: readonly (string | TrustedIssuer)[];
}

/** Rejects a token whose issuer is not trusted, or not for this agent (RFC 7519 §4.1.1). */
export function issuer(options: IssuerOptions): Check {
  assertOptions("issuer", options, OPTION_NAMES);
  const { trustedIssuers } = options;
  const trusted = readTrustedIssuers(trustedIssuers);
  return defineOwnCheck(
    "issuer",
    ({ claims }) => {
      const trust = trusted.get(claims.iss);
      if (trust === undefined) throw untrusted(`"${printable(claims.iss)}" is not a trusted issuer`);
      const trustDomain = trustDomainOf(claims.sub) ?? "";
      if (trust.trustDomains !== null && !trust.trustDomains.has(trustDomain)) {
        throw untrusted(
          `the issuer may not attest the trust domain ${trustDomain}, but ${[...trust.trustDomains].join(", ") || "none"}: see trustDomains, and createToken's subject`,
        );
      }
      const { provider } = claims.agentIdentity;
      if (trust.providers !== null && !trust.providers.has(provider)) {
        throw untrusted(`the issuer may not attest the provider "${printable(provider)}"`);
      }
      const { attestationType } = claims.attestationMetadata;
      if (!isTrustedAtLeast(trust.trustLevel, trustLevelOf(attestationType))) {
        throw untrusted(`the issuer may not attest as ${attestationType}`);
      }
    },
    { trustedIssuers: [...trusted.keys()] },
  );
}

function untrusted(detail: string): AttestationError {
  return new AttestationError(AttestationErrorCode.UNKNOWN_ISSUER, detail);
}
