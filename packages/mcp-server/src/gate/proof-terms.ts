import { ProofPolicy, type Verifier } from "@attest/core";
import type { Arrival } from "./link.js";

/** Whether each request of a session has to carry evidence of its own: then a session id does not say who calls. */
export function isProvenEach({ proof }: Verifier): boolean {
  return proof?.policy === ProofPolicy.EACH_REQUEST;
}

/**
 * Returns why the verifier's demands on proofs cannot be met where `initialize` arrived; `undefined` when they can.
 *
 * @param isHandedOver whether it was decided on before the session existed
 */
export function misfitOf(
  { proof }: Verifier,
  { isHttp, isStateless }: Arrival,
  isHandedOver: boolean,
): string | undefined {
  if (!proof) return undefined;
  if (!isHttp && proof.endpoints !== null) {
    return "the verifier has endpoints, and the transport is not HTTP: no proof can be for one of them";
  }
  if (!isHttp && proof.bindUser) {
    return "the verifier has bindUser, and the transport is not HTTP: no access token comes with a request";
  }
  // The session would be gone before the request came again.
  if (isHttp && !isStateless && !isHandedOver && proof.challenge !== null) {
    return "the verifier has a challenge, and the HTTP host opens sessions before it is met: use HttpSessions";
  }
  return undefined;
}
