import { printable } from "@attest/core/internal";
import { type AddressRules, guardedUrl, MAX_KEYS } from "@attest/jwks/internal";
import { readPlatformKeys } from "../platforms/platform-key.js";
import { PlatformType, PRESETS, typeOfIssuer } from "../platforms/presets.js";
import type { KeySource, Platform } from "./trust-policy.js";
import { TrustPolicyError } from "./trust-policy-error.js";
import type { WrittenPlatform } from "./written-policy.js";

const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/;

/**
 * Returns a platform as it is used.
 *
 * @throws {TrustPolicyError} when its members do not fit together.
 */
export function readPlatform(name: string, written: WrittenPlatform): Platform {
  const at = `platforms.${printable(name)}`;
  const type = written.type ?? typeOfIssuer(written.issuer);
  const issuer = written.issuer ?? PRESETS[type].issuer;
  const keys = readKeySource(written.jwks, type, at);
  assertPlaces(written, type, issuer, keys, at);
  const rules: AddressRules = {
    allowInsecure: written.allowInsecure ?? false,
    allowPrivateNetwork: written.allowPrivateNetwork ?? false,
  };
  if (issuer !== undefined) assertIssuer(issuer, keys, rules, `${at}.issuer`);
  if (keys.kind === "url") assertUrl(keys.url, rules, `${at}.jwks.url`);
  return Object.freeze({
    name,
    type,
    issuer,
    trustDomain: written.trustDomain,
    audience: written.audience,
    keys,
    maxTokenLifetimeSeconds: written.maxTokenLifetime,
    allowPrivateNetwork: written.allowPrivateNetwork ?? false,
    allowInsecure: written.allowInsecure ?? false,
    ca: written.ca,
  });
}

function readKeySource(written: WrittenPlatform["jwks"], type: PlatformType, at: string): KeySource {
  if (written === undefined) return { kind: "discovery" };
  if ("file" in written) return { kind: "file", file: written.file };
  if ("url" in written) return { kind: "url", url: written.url };
  const jwks = { keys: written.keys };
  if (written.keys.length > MAX_KEYS) throw new TrustPolicyError(`${at}.jwks has more than ${MAX_KEYS} keys`);
  const { keys, skipped } = readPlatformKeys(jwks, type === PlatformType.SPIFFE ? "jwt-svid" : "sig");
  if (keys.size === 0) {
    const reasons = skipped.length === 0 ? "it is empty" : skipped.join("; ");
    throw new TrustPolicyError(`${at}.jwks has no key that tokens can be verified with: ${reasons}`);
  }
  return { kind: "inline", jwks };
}

/** @throws {TrustPolicyError} when a member is missing that its kind of platform needs, or is there and would do nothing. */
function assertPlaces(
  written: WrittenPlatform,
  type: PlatformType,
  issuer: string | undefined,
  keys: KeySource,
  at: string,
): void {
  if (type === PlatformType.SPIFFE) {
    if (written.trustDomain === undefined)
      throw new TrustPolicyError(`${at}.trustDomain is missing: it tells whose JWT-SVIDs these are`);
    if (!TRUST_DOMAIN.test(written.trustDomain))
      throw new TrustPolicyError(`${at}.trustDomain must be a SPIFFE trust domain, such as prod.example`);
    if (issuer === undefined && keys.kind === "discovery")
      throw new TrustPolicyError(`${at} needs jwks, or an issuer whose discovery says where its keys are`);
  } else {
    if (written.trustDomain !== undefined)
      throw new TrustPolicyError(`${at}.trustDomain is for type: spiffe alone`);
    if (issuer === undefined) throw new TrustPolicyError(`${at}.issuer is missing`);
  }
  if (keys.kind === "discovery" || keys.kind === "url") return;
  for (const member of ["ca", "allowPrivateNetwork", "allowInsecure"] as const) {
    if (written[member] === undefined) continue;
    throw new TrustPolicyError(
      `${at}.${member} has no effect: the keys stand in jwks, and nothing is fetched`,
    );
  }
}

/** @throws {TrustPolicyError} when no token could have this `iss`, or discovery may not be asked there. */
function assertIssuer(issuer: string, keys: KeySource, rules: AddressRules, at: string): void {
  const url = URL.parse(issuer);
  const isHttp = url !== null && (url.protocol === "https:" || url.protocol === "http:");
  if (!isHttp || /[?#]/.test(issuer) || url.username !== "" || url.password !== "")
    throw new TrustPolicyError(`${at} must be an https URL without query, fragment and credentials`);
  // Issuers are compared as text. One in another spelling is never met, or is a known platform that is not recognised.
  if (url.href !== issuer && url.href !== `${issuer}/`)
    throw new TrustPolicyError(
      `${at} must be spelled ${printable(url.href)}, as the platform's tokens have it`,
    );
  if (keys.kind === "discovery") assertUrl(issuer, rules, at);
}

function assertUrl(url: string, rules: AddressRules, at: string): void {
  try {
    guardedUrl(url, "URL", rules);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "it cannot be asked";
    throw new TrustPolicyError(`${at}: ${reason}`, { cause });
  }
}
