import { AttestationError, AttestationErrorCode, type Verifier } from "@attest/core";
import type { RefusalData } from "@attest/core/internal";
import type { RpcError } from "./messages.js";

/*
 * What the gate answers in the server's place. JSON-RPC's own codes (JSON-RPC 2.0 §5.1) stand where no
 * attestation code fits.
 */

/** Something failed, and the client learns no more than that. */
export const INTERNAL_ERROR: RpcError = { code: -32603, message: "Internal error" };

/** An id of a length that nobody needs. */
export const ID_TOO_LONG: RpcError = {
  code: -32600,
  message: "Invalid Request: an id has at most 256 characters",
};

/** More of a session's calls wait for rules than the gate holds at once. */
export const BUSY: RpcError = {
  code: -32000,
  message: "Server busy: too many requests wait for their rules",
};

/** A second `initialize`. */
export const INITIALIZED_ALREADY: RpcError = {
  code: -32600,
  message: "Invalid Request: this session is initialized already",
};

/** A refusal for want of attestation. */
export function refusal(code: AttestationErrorCode, verifier: Verifier): RpcError {
  return { code, message: new AttestationError(code).message, data: refusalData(verifier) };
}

/** A stateless HTTP server under `required`: no token helps, so the client is told what would. */
export function statelessRefusal(verifier: Verifier): RpcError {
  const { code, message, data } = refusal(AttestationErrorCode.ATTESTATION_REQUIRED, verifier);
  return {
    code,
    message: `${message} This server is stateless: it keeps no session that could be attested.`,
    data,
  };
}

/** What a refusal tells the client, so that it can come back with a better token. */
export function refusalData(verifier: Verifier): RefusalData {
  return {
    policy: verifier.policy,
    // Copies: over an in-memory transport the client would hold the verifier's own lists.
    trusted_issuers: [...verifier.trustedIssuers],
    required_claims: [...verifier.requiredClaims],
  };
}
