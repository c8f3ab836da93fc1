import { printable } from "@attest/core/internal";
import { SUBJECT_ALGORITHMS } from "../platforms/platform-key.js";
import { PRESETS } from "../platforms/presets.js";
import type { Platform } from "../policy/trust-policy.js";
import type { SubjectToken } from "./subject-token.js";

/** Difference of clocks that is put up with, in seconds. */
export const CLOCK_SKEW_SECONDS = 30;

const OWN_TYPES = ["attestation+jwt", "attestation-pop+jwt"];

/** Whether a token is an attestation or a proof of this family, whoever signed it: it never speaks for a platform. */
export function isAttestation({ header, claims }: Pick<SubjectToken, "header" | "claims">): boolean {
  return OWN_TYPES.includes(tokenType(header) ?? "") || Object.hasOwn(claims, "attestation_metadata");
}

/** Returns what is wrong with a token's header for its platform, for operators. */
export function headerProblems(header: SubjectToken["header"], platform: Platform): readonly string[] {
  const { alg, kid } = header;
  const type = tokenType(header);
  return [
    SUBJECT_ALGORITHMS.some((known) => known === alg) ? [] : ["alg is none that subject tokens may have"],
    typeof kid === "string" && kid !== "" && kid.length <= 256 ? [] : ["kid names no key"],
    type === undefined || PRESETS[platform.type].tokenTypes.includes(type)
      ? []
      : [`typ is "${printable(type)}", which is no token of such a platform`],
    // The extensions that it names would change what the token means (RFC 7515 §4.1.11).
    "crit" in header || "b64" in header ? ["the header has extensions"] : [],
  ].flat();
}

/** Returns what is wrong with a token's claims for its platform at a time, for operators. */
export function claimProblems(
  claims: SubjectToken["claims"],
  platform: Platform,
  now: number,
): readonly string[] {
  const { issuer, trustDomain } = platform;
  const { iss, sub } = claims;
  const missing = PRESETS[platform.type].claims.filter((name) => !Object.hasOwn(claims, name));
  return [
    issuer === undefined || iss === issuer || (trustDomain !== undefined && iss === undefined)
      ? []
      : ["iss is not the platform's"],
    isFor(claims["aud"], platform.audience) ? [] : [`aud is not ${platform.audience} alone`],
    missing.map((name) => `${name} is missing`),
    typeof sub === "string" && sub !== "" ? [] : ["sub is no text"],
    trustDomain === undefined || isSpiffeIdIn(sub, trustDomain)
      ? []
      : ["sub is no SPIFFE ID of the trust domain"],
    lifeProblems(claims, platform, now),
  ].flat();
}

/** A token for several audiences could be used here by each of the others. */
function isFor(aud: unknown, audience: string): boolean {
  return aud === audience || (Array.isArray(aud) && aud.length === 1 && aud[0] === audience);
}

function isSpiffeIdIn(sub: unknown, trustDomain: string): boolean {
  if (typeof sub !== "string" || sub.length > 2048 || !sub.startsWith(`spiffe://${trustDomain}/`))
    return false;
  const segments = sub.slice(`spiffe://${trustDomain}/`.length).split("/");
  return segments.every((segment) => /^(?!\.{1,2}$)[A-Za-z0-9._-]+$/.test(segment));
}

function lifeProblems(claims: SubjectToken["claims"], platform: Platform, now: number): readonly string[] {
  const { exp, nbf, iat } = claims;
  const times = Object.entries({ exp, nbf, iat }).filter(([, time]) => time !== undefined);
  const wrong = times.find(([, time]) => typeof time !== "number" || !Number.isFinite(time) || time < 0);
  if (wrong !== undefined) return [`${wrong[0]} is no time`];
  if (typeof exp !== "number") return ["exp is missing"];
  const from = typeof iat === "number" ? Math.min(iat, now) : now;
  const longest = platform.maxTokenLifetimeSeconds + CLOCK_SKEW_SECONDS;
  return [
    now < exp + CLOCK_SKEW_SECONDS ? [] : ["the token has expired"],
    typeof nbf !== "number" || nbf <= now + CLOCK_SKEW_SECONDS ? [] : ["the token is not yet valid"],
    typeof iat !== "number" || iat <= now + CLOCK_SKEW_SECONDS ? [] : ["the token was issued in the future"],
    exp - from <= longest ? [] : [`the token lives longer than ${platform.maxTokenLifetimeSeconds} seconds`],
  ].flat();
}

/** Returns the header's `typ` in lower case, without the `application/` that may stand before it (RFC 7515 §4.1.9). */
function tokenType({ typ }: SubjectToken["header"]): string | undefined {
  if (typ === undefined) return undefined;
  return typeof typ === "string" ? typ.toLowerCase().replace(/^application\//, "") : "no text";
}
