import type { Platform, TrustPolicy } from "../policy/trust-policy.js";
import type { SubjectToken } from "./subject-token.js";

/**
 * Returns the platform that a token says it comes from: the one that has its `iss`; else the SPIFFE trust domain of its
 * `sub`, since a JWT-SVID need not have an `iss` (JWT-SVID §3). `undefined` when the policy names no such platform.
 */
export function findPlatform(
  policy: TrustPolicy,
  { claims }: Pick<SubjectToken, "claims">,
): Platform | undefined {
  const { iss, sub } = claims;
  const byIssuer = policy.platforms.find(({ issuer }) => issuer !== undefined && issuer === iss);
  if (byIssuer !== undefined || typeof sub !== "string") return byIssuer;
  return policy.platforms.find(
    ({ trustDomain }) => trustDomain !== undefined && sub.startsWith(`spiffe://${trustDomain}/`),
  );
}
