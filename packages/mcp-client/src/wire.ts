import { AttestationErrorCode, VerificationStatus } from "@attest/core";
import { isRequest, type Message, readRefusal, statusIn, withEvidence } from "@attest/core/wire";
import type { JSONRPCMessage, JSONRPCRequest } from "@modelcontextprotocol/sdk/types.js";

export { isRequest };

export function withCapability(initialize: JSONRPCRequest, token: string): JSONRPCRequest {
  return withEvidence(initialize, { token }) as JSONRPCRequest;
}

export const withRenewal: typeof withCapability = withCapability;

export function saysVerified(answer: JSONRPCMessage): boolean {
  return statusIn(answer as Message)?.verificationStatus === VerificationStatus.VERIFIED;
}

export function saysExpired(answer: JSONRPCMessage): boolean {
  return "error" in answer && readRefusal(answer.error)?.code === AttestationErrorCode.TOKEN_EXPIRED;
}
