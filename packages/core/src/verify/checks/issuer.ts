import { AttestationError, AttestationErrorCode } from "../../errors.js";
import { trustDomainOf } from "../../identity/spiffe-id.js";
import { type OptionsSpec, readOptions } from "../../options/read-options.js";
import { printable } from "../../printable.js";
import { isTrustedAtLeast, trustLevelOf } from "../../trust.js";
import { type Check, defineOwnCheck } from "../check.js";
import { type IssuerTrust, readTrustedIssuers, type TrustedIssuer } from "../trusted-issuer.js";

export interface IssuerOptions {
  /** The issuers that may vouch for agents, and for which trust domains, providers and level. At least one. */
  readonly trustedIssuers: readonly (string | TrustedIssuer)[];
}

/** Readers of {@link IssuerOptions}. */
export const ISSUER_OPTIONS: OptionsSpec<{ trustedIssuers: ReadonlyMap<string, IssuerTrust> }> = {
  trustedIssuers: readTrustedIssuers,
};

/** Rejects a token whose issuer is not trusted, or not for this agent, 1004 (RFC 7519 §4.1.1). */
export function issuer(options: IssuerOptions): Check {
  const { trustedIssuers: trusted } = readOptions("issuer", options, ISSUER_OPTIONS);
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
    {
      advertises: { trustedIssuers: [...trusted.keys()] },
      reads: { trustedIssuers: options.trustedIssuers },
    },
  );
}

function untrusted(detail: string): AttestationError {
  return new AttestationError(AttestationErrorCode.UNKNOWN_ISSUER, detail);
}
