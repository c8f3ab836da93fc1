import { isTrustDomain } from "../identity/spiffe-id.js";
import { oneOf, optional, text } from "../options/option-kinds.js";
import { type OptionsSpec, readOptions, stated } from "../options/read-options.js";
import { kindOf, printable } from "../printable.js";
import { TrustLevel } from "../trust.js";

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
   * parent domains of it that have at least two labels. An address has no parents, so name the domains there. Issuers
   * whose defaults overlap have to be told theirs: each could speak for the other's agents.
   */
  readonly trustDomains?: readonly string[] | null | undefined;
  /** Values of `agent_identity.provider` that this issuer may attest. Default: any. */
  readonly providers?: readonly string[];
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

/** A {@link TrustedIssuer} as it was read: `trustDomains` is `undefined` where its default holds. */
interface ReadIssuer {
  readonly issuer: string;
  readonly trustLevel: TrustLevel;
  readonly trustDomains: readonly string[] | null | undefined;
  readonly providers: readonly string[] | undefined;
}

const { NONE: _, ...LEVELS } = TrustLevel;

const OPTIONS: OptionsSpec<ReadIssuer> = {
  issuer: text(),
  trustLevel: oneOf<TrustLevel>(LEVELS, TrustLevel.PROVIDER),
  trustDomains: trustDomainsOption,
  providers: stated(optional(list)),
};

/**
 * Returns the trusted issuers by name.
 *
 * @throws {TypeError} when the list is empty, names an issuer twice, or has a member that is wrong; also when no trust
 *   domain follows from an issuer's name, or two issuers have one by default.
 */
export function readTrustedIssuers(trustedIssuers: unknown): ReadonlyMap<string, IssuerTrust> {
  if (!Array.isArray(trustedIssuers) || trustedIssuers.length === 0) {
    throw new TypeError(
      `trustedIssuers must be a list with at least one issuer, got ${kindOf(trustedIssuers)}`,
    );
  }
  const byName = new Map<string, IssuerTrust>();
  const byDefaultDomain = new Map<string, string>();
  for (const entry of trustedIssuers) {
    if (typeof entry !== "string" && typeof entry !== "object") {
      throw new TypeError(`trustedIssuers holds issuers' names, or { issuer, … }, got ${kindOf(entry)}`);
    }
    const read = readOptions(
      "trustedIssuers",
      typeof entry === "string" ? { issuer: entry } : entry,
      OPTIONS,
    );
    const { issuer, trustLevel, trustDomains, providers } = read;
    if (byName.has(issuer)) throw new TypeError(`trustedIssuers names "${printable(issuer)}" twice`);
    byName.set(issuer, {
      issuer,
      trustLevel,
      trustDomains:
        trustDomains === null ? null : new Set(trustDomains ?? ownDomains(issuer, byDefaultDomain)),
      providers: providers === undefined ? null : new Set(providers),
    });
  }
  return byName;
}

/** Returns the default trust domains of `issuer`, which no other issuer has by default. */
function ownDomains(issuer: string, takenBy: Map<string, string>): readonly string[] {
  const domains = defaultTrustDomains(issuer);
  for (const domain of domains) {
    const other = takenBy.get(domain);
    if (other !== undefined) {
      throw new TypeError(
        `trustedIssuers: "${printable(issuer)}" and "${printable(other)}" could each speak for agents of ${domain}: give one of them trustDomains`,
      );
    }
    takenBy.set(domain, issuer);
  }
  return domains;
}

/** A trust domain that no SPIFFE ID has would refuse every agent, and nobody would know why. */
function trustDomainsOption(value: unknown, name: string): readonly string[] | null | undefined {
  if (value === undefined || value === null) return value;
  const names = list(value, name);
  const wrong = names.find((domain) => !isTrustDomain(domain));
  if (wrong === undefined) return names;
  throw new TypeError(
    `${name}: "${printable(wrong)}" is not a trust domain: name it alone, in lower case, such as example.com`,
  );
}

function list(value: unknown, name: string): readonly string[] {
  if (Array.isArray(value) && value.every((entry) => typeof entry === "string")) return value;
  throw new TypeError(`trustedIssuers: ${name} must be a list of strings, got ${kindOf(value)}`);
}

/**
 * Returns the trust domains that follow from an issuer's name: `https://api.anthropic.com` → `api.anthropic.com`,
 * `anthropic.com`; never a bare `com`, never a part of an address.
 *
 * @throws {TypeError} when none follows, or the name is one that no issuer's tokens carry.
 */
function defaultTrustDomains(issuer: string): readonly string[] {
  if (/[\s?#]|:\/\/[^/]*@/.test(issuer)) {
    // Its user may come with a password.
    const shown = issuer.includes("@") ? "a name" : `"${printable(issuer)}"`;
    throw new TypeError(
      `trustedIssuers: ${shown} is no issuer's name: leave user, query, fragment and white space out, or give trustDomains`,
    );
  }
  const host = URL.canParse(issuer) ? new URL(issuer).hostname : "";
  const isUrl = issuer.includes("://");
  if (!isUrl || !isTrustDomain(host.replace(/\.$/, ""))) {
    const hint = isUrl ? "" : `, such as "https://${printable(issuer)}"`;
    throw new TypeError(
      `trustedIssuers: no trust domain follows from "${printable(issuer)}": an issuer is an https URL${hint}, or has trustDomains`,
    );
  }
  if (/^[^:]+:\/\/[^/]*\/$/.test(issuer)) {
    throw new TypeError(
      `trustedIssuers: "${printable(issuer)}" ends with a slash, which "iss" in its tokens hardly does: leave it out, or give trustDomains`,
    );
  }
  const isAddress = /^[\d.]+$/.test(host);
  if (isAddress) return [host];
  // A name may be written with the root's dot at its end, which is no label.
  const labels = host.replace(/\.$/, "").split(".");
  return labels
    .map((_, index) => labels.slice(index).join("."))
    .filter((domain, index) => index === 0 || domain.includes("."));
}
