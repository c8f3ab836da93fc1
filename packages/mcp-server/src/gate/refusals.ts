import { type AttestationErrorCode, ProofPolicy, type Verifier } from "@attest/core";
import { type Requirements, type RpcError, writeRefusal } from "@attest/core/wire";

/*
 * Answers of the gate in the server's place. JSON-RPC's own codes (JSON-RPC 2.0 §5.1) stand where no attestation code
 * fits.
 */

/** Something failed, and the client learns no more than that. */
export const INTERNAL_ERROR: RpcError = { code: -32603, message: "Internal error" };

/** An id of a length that nobody needs. */
export const ID_TOO_LONG: RpcError = {
  code: -32600,
  message: "Invalid Request: an id has at most 256 characters",
};

/** An id that a request of the session has which is not answered yet. */
export const ID_IN_USE: RpcError = {
  code: -32600,
  message: "Invalid Request: a request with this id is not answered yet",
};

/** More of a session's calls wait than the gate holds at once. */
export const BUSY: RpcError = {
  code: -32000,
  message: "Server busy: too many requests of this session wait",
};

/** A second `initialize`. */
export const INITIALIZED_ALREADY: RpcError = {
  code: -32600,
  message: "Invalid Request: this session is initialized already",
};

/**
 * Returns what `verifier` asks for, as peers are told.
 *
 * @param standsAlone whether each request stands alone: then evidence is asked for with each
 */
export function requirementsOf(verifier: Verifier, standsAlone = false): Requirements {
  const { policy, trustedIssuers, requiredClaims, audience, proof } = verifier;
  return {
    policy,
    trustedIssuers,
    requiredClaims,
    audience: audience ?? undefined,
    proof: standsAlone ? ProofPolicy.EACH_REQUEST : proof?.policy,
  };
}

/** Returns a refusal for want of attestation. */
export function refusal(code: AttestationErrorCode, verifier: Verifier, standsAlone = false): RpcError {
  return writeRefusal(code, requirementsOf(verifier, standsAlone));
}
