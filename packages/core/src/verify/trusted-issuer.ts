import { trustDomainOf } from "../identity/spiffe-id.js";
import { assertOptions } from "../options/read-options.js";
import { kindOf, printable } from "../printable.js";
import { TrustLevel } from "./trust.js";

/** An issuer that is trusted, and for what. */
export interface TrustedIssuer {
  /** Compared exactly, as a string, with a token's `iss`. */
  readonly issuer: string;
  /**
   * The most that this issuer may attest: `provider` (default) or `enterprise`. A token that claims more than
   * that is refused, 1004, not lowered: an enterprise issuer signs with `attestationType: "enterprise"`.
   */
  readonly trustLevel?: TrustLevel | undefined;
  /**
   * The SPIFFE trust domains this issuer may attest. Default: the host of its URL and the parent domains of it
   * that have at least two labels; an address has no parents, so name the domains. `null` lets it attest any.
   */
  readonly trustDomains?: readonly string[] | null | undefined;
  /** The `agent_identity.provider` values this issuer may attest. Default: any. */
  readonly providers?: readonly string[] | undefined;
}

/** A {@link TrustedIssuer} with its defaults filled in. */
export interface IssuerTrust {
  readonly issuer: string;
  readonly trustLevel: TrustLevel;
  /** `null`: any. */
  readonly trustDomains: ReadonlySet<string> | null;
  /** `null`: any. */
  readonly providers: ReadonlySet<string> | null;
}

/**
 * The trusted issuers by their name.
 *
 * @throws {TypeError} when there is none, one is named twice, or a member is not what it must be.
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

/** One that no SPIFFE ID has would refuse every agent, and nobody would know why. */
function readTrustDomains(trustDomains: unknown): readonly string[] | undefined {
  const names = readNames("trustDomains", trustDomains);
  const wrong = names?.find((name) => trustDomainOf(`spiffe://${name}`) !== name);
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

/** `https://api.anthropic.com` → `api.anthropic.com`, `anthropic.com`: never a bare `com`, never a part of an address. */
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
