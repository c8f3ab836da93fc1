import {
  ATTESTATION_CAPABILITY_KEY,
  ATTESTATION_VERSION,
  AttestationErrorCode,
  VerificationStatus,
} from "@attest/core";
import { clientCapability, readServerCapability } from "@attest/core/internal";
import type { JSONRPCMessage, JSONRPCRequest } from "@modelcontextprotocol/sdk/types.js";

/*
 * Where attestation stands in the messages of an MCP session, as a client writes and reads them.
 */

type Json = Readonly<Record<string, unknown>>;

export function isRequest(message: JSONRPCMessage): message is JSONRPCRequest {
  return "method" in message && "id" in message;
}

/** `initialize` with a token in its capabilities. The user's others, experimental ones too, stay as they are. */
export function withCapability(initialize: JSONRPCRequest, token: string): JSONRPCRequest {
  const capabilities = (initialize.params?.["capabilities"] ?? {}) as Json;
  const experimental = {
    ...(capabilities["experimental"] as Json),
    [ATTESTATION_CAPABILITY_KEY]: clientCapability(token),
  };
  return { ...initialize, params: { ...initialize.params, capabilities: { ...capabilities, experimental } } };
}

/** Any other request with a fresh token, which renews the session. */
export function withRenewal(request: JSONRPCRequest, token: string): JSONRPCRequest {
  const _meta = {
    ...request.params?._meta,
    [ATTESTATION_CAPABILITY_KEY]: { version: ATTESTATION_VERSION, token },
  };
  return { ...request, params: { ...request.params, _meta } };
}

/** Whether the answer to `initialize` says that the server verified the agent. */
export function saysVerified(answer: JSONRPCMessage): boolean {
  if (!("result" in answer)) return false;
  const { experimental } = (answer.result["capabilities"] ?? {}) as { readonly experimental?: Json };
  const status = readServerCapability(experimental?.[ATTESTATION_CAPABILITY_KEY]);
  return status?.verificationStatus === VerificationStatus.VERIFIED;
}

/**
 * Whether `answer` refuses a call because the session's token has expired, before the call ran: only guards and
 * gates say so with what they ask for in `data`.
 */
export function saysExpired(answer: JSONRPCMessage): boolean {
  if (!("error" in answer) || answer.error.code !== AttestationErrorCode.TOKEN_EXPIRED) return false;
  const { policy, trusted_issuers } = Object(answer.error.data) as Json;
  return typeof policy === "string" && Array.isArray(trusted_issuers);
}
