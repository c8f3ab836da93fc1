/**
 * What an `AttestationVerifier` takes. `defaultChecks`, the factories of its checks and `composeVerifier`
 * are given the same object, and each reads its part of it, so all know all the names.
 */
export const OPTION_NAMES = [
  "policy",
  "maxTokenBytes",
  "clock",
  "observer",
  "trustedIssuers",
  "keyResolver",
  "audience",
  "replayCache",
  "requiredClaims",
  "clockSkewSeconds",
  "maxLifetimeSeconds",
  "keyTimeoutSeconds",
  "cacheTimeoutSeconds",
  "checks",
] as const;
