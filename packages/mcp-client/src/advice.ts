import type { AttestationErrorCode } from "@attest/core";

/** What an agent, or those who run it, can do about a refusal. */
export const ADVICE: Readonly<Record<AttestationErrorCode, string>> = {
  1001: "Get a fresh token; if that expires at once, compare this machine's clock with the server's.",
  1002: "Compare the provider's clock with the server's: the token is from its future.",
  1003: "Get a token signed with a key that the provider publishes; after a rotation, wait until the server has fetched the new one.",
  1004: "Get a token from one of the issuers in data.trusted_issuers; the server may trust them for certain agents only.",
  1005: "Get a token for this server: targetAudience must be the name that the server verifies as its audience.",
  1006: "Get a fresh token for every connect; each can be used once.",
  1007: "Get a token with the claims in data.required_claims.",
  1008: "Get a token that the provider made as it stands; some proxies change headers and bodies, and a token may live too long for the server.",
  1009: "Present a token: this server, or what was called on it, is for attested agents.",
  1010: "Try again later: the server cannot get the provider's keys now.",
  1011: "Try again later: the server cannot tell whether the token was used.",
  1012: "Get a token that is not bound to a key, or prove possession of that key.",
  1013: "Ask for what is open to this agent's trust level, or get a token from who is trusted more.",
};
