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
  const isOtherHost = isHttp && !isStateless && !isHandedOver;
  // The session would be gone before the request came again.
  if (isOtherHost && proof.challenge !== null) {
    return "the verifier has a challenge, and the HTTP host opens sessions before it is met: use HttpSessions";
  }
  // Such a host does by the session's id alone what the gate does not see: it streams, resumes and deletes, and sends an
  // answer to whoever used its request's id last.
  if (isOtherHost && proof.policy === ProofPolicy.EACH_REQUEST) {
    return 'the verifier has requireProof "each-request", and the HTTP host trusts whoever has a session\'s id: use HttpSessions';
  }
  return undefined;
}
