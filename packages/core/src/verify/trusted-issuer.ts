import { isTrustDomain } from "../identity/spiffe-id.js";
import { assertOptions } from "../options/read-options.js";
import { kindOf, printable } from "../printable.js";
import { TrustLevel } from "./trust.js";

/** Issuer that is trusted, and for which agents. */
export interface TrustedIssuer {
  /** Name of the issuer. Compared exactly, as a string, with a token's `iss`. */
  readonly issuer: string;
  /**
   * Highest level that this issuer may attest: `provider` or `enterprise`. A token that claims more is refused with
   * 1004, not lowered: an enterprise issuer signs with `attestationType: "enterprise"`. Default: `provider`.
   */
  readonly trustLevel?: TrustLevel | undefined;
  /**
   * SPIFFE trust domains that this issuer may attest. `null` lets it attest any. Default: the host of its URL and the
   * parent domains of it that have at least two labels. An address has no parents, so name the domains there.
   */
  readonly trustDomains?: readonly string[] | null | undefined;
  /** Values of `agent_identity.provider` that this issuer may attest. Default: any. */
  readonly providers?: readonly string[] | undefined;
}

/** {@link TrustedIssuer} with its defaults filled in. */
export interface IssuerTrust {
  readonly issuer: string;
  readonly trustLevel: TrustLevel;
  /** `null` for any. */
  readonly trustDomains: ReadonlySet<string> | null;
  /** `null` for any. */
  readonly providers: ReadonlySet<string> | null;
}

/**
 * Returns the trusted issuers by name.
 *
 * @throws {TypeError} when the list is empty, names an issuer twice, or has a member that is wrong.
 */
export function readTrustedIssuers(trustedIssuers: unknown): ReadonlyMap<string, IssuerTrust> {
  if (!Array.isArray(trustedIssuers) || trustedIssuers.length === 0) {
    throw new TypeError(
      `trustedIssuers must be a list with at least one issuer, got ${kindOf(trustedIssuers)}`,
    );
  }
  const byName = new Map<string, IssuerTrust>();
  for (const entry of trustedIssuers) {
    const trust = readTrustedIssuer(typeof entry === "string" ? { issuer: entry } : entry);
    if (byName.has(trust.issuer))
      throw new TypeError(`trustedIssuers names "${printable(trust.issuer)}" twice`);
    byName.set(trust.issuer, trust);
  }
  return byName;
}

function readTrustedIssuer(entry: TrustedIssuer): IssuerTrust {
  assertOptions("trustedIssuers", entry, ["issuer", "trustLevel", "trustDomains", "providers"]);
  const { issuer, trustLevel = TrustLevel.PROVIDER, trustDomains, providers } = entry;
  if (typeof issuer !== "string" || issuer === "") {
    throw new TypeError(`trustedIssuers: an issuer must be a non-empty string, got ${kindOf(issuer)}`);
  }
  if (trustLevel !== TrustLevel.PROVIDER && trustLevel !== TrustLevel.ENTERPRISE) {
    throw new TypeError(
      `trustedIssuers: trustLevel must be provider or enterprise, got ${printable(String(trustLevel))}`,
    );
  }
  return {
    issuer,
    trustLevel,
    trustDomains:
      trustDomains === null ? null : new Set(readTrustDomains(trustDomains) ?? defaultTrustDomains(issuer)),
    providers: providers === undefined ? null : new Set(readNames("providers", providers)),
  };
}

/** A trust domain that no SPIFFE ID has would refuse every agent, and nobody would know why. */
function readTrustDomains(trustDomains: unknown): readonly string[] | undefined {
  const names = readNames("trustDomains", trustDomains);
  const wrong = names?.find((name) => !isTrustDomain(name));
  if (wrong === undefined) return names;
  throw new TypeError(
    `trustedIssuers: "${printable(wrong)}" is not a trust domain: name it alone, in lower case, such as example.com`,
  );
}

function readNames(option: string, names: unknown): readonly string[] | undefined {
  if (names === undefined) return undefined;
  if (!Array.isArray(names) || !names.every((name) => typeof name === "string")) {
    throw new TypeError(`trustedIssuers: ${option} must be a list of strings, got ${kindOf(names)}`);
  }
  return names;
}

/** Returns what follows from an issuer's name: `https://api.anthropic.com` → `api.anthropic.com`, `anthropic.com`: never a bare `com`, never a part of an address. */
function defaultTrustDomains(issuer: string): readonly string[] {
  if (!URL.canParse(issuer)) return [];
  const host = new URL(issuer).hostname;
  const isAddress = /^[\d.]+$|:/.test(host);
  if (isAddress) return [host];
  // A name may be written with the root's dot at its end, which is no label.
  const labels = host.replace(/\.$/, "").split(".");
  return labels
    .map((_, index) => labels.slice(index).join("."))
    .filter((domain, index) => index === 0 || domain.includes("."));
}
