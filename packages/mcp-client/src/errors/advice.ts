import type { AttestationErrorCode } from "@attest/core";

const ADVICE: Readonly<Record<AttestationErrorCode, string>> = {
  1001: "Get a fresh token; if that expires at once, compare this machine's clock with the server's.",
  1002: "Compare the provider's clock with the server's: the token is from the server's future.",
  1003: "Get a token signed with a key that the provider publishes; after a rotation, wait until the server has fetched the new key.",
  1004: "Get a token from one of the issuers in data.trusted_issuers; the server may trust an issuer for certain agents only.",
  1005: "Get a token for this server: targetAudience must be one of the names in data.audience.",
  1006: "Get a fresh token for every connect; each token can be used once.",
  1007: "Get a token with the claims in data.required_claims.",
  1008: "Present the token as the provider made it; some proxies change headers and bodies, and a token may live too long for the server.",
  1009: "Present a token: this server, or what was called on it, is for attested agents.",
  1010: "Try again later: the server cannot get the provider's keys now.",
  1011: "Try again later: the server cannot tell whether the token was used.",
  1012: "Set proofOfPossession, and get a token bound to the agent's key; where data.proof is when-bound, one that is not bound passes too. If a proof was sent, compare this machine's clock with the server's.",
  1013: "Ask for what is open to this agent's trust level, or get a token from an issuer that is trusted more.",
};

/**
 * Returns what an agent, or its operator, can do about a refusal: one or two sentences in English.
 *
 * @throws {RangeError} when `code` is not one of `AttestationErrorCode`.
 */
export function adviceFor(code: AttestationErrorCode): string {
  if (!Object.hasOwn(ADVICE, code)) {
    throw new RangeError("code must be one of AttestationErrorCode");
  }
  return ADVICE[code];
}
