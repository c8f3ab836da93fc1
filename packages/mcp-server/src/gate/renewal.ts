import { ATTESTATION_CAPABILITY_KEY } from "@attest/core";
import { type Presented, readPresented } from "@attest/core/internal";
import type { JSONRPCRequest } from "@modelcontextprotocol/sdk/types.js";

/*
 * How a fresh token rides in any request of a running session, so that the session outlives its first one.
 */

/** What a request presents beside what it asks for; `undefined` when nothing, as nearly always. */
export function presentedInMeta({ params }: JSONRPCRequest): Presented | undefined {
  return readPresented(params?._meta?.[ATTESTATION_CAPABILITY_KEY]);
}

/** The same request without the attestation: the server's own code never sees a token. */
export function withoutMetaAttestation(request: JSONRPCRequest): JSONRPCRequest {
  const { _meta, ...params } = request.params ?? {};
  const { [ATTESTATION_CAPABILITY_KEY]: _, ...otherMeta } = _meta ?? {};
  const isEmpty = Object.keys(otherMeta).length === 0;
  return { ...request, params: isEmpty ? params : { ...params, _meta: otherMeta } };
}
