import { ATTESTATION_CAPABILITY_KEY } from "@attest/core";
import { type Presented, readPresented } from "@attest/core/internal";
import type { JSONRPCMessage, JSONRPCRequest } from "@modelcontextprotocol/sdk/types.js";

/*
 * Where a fresh token rides in any message after `initialize`: in `params._meta`.
 */

/** What a request presents beside what it asks for; `undefined` when nothing, as nearly always. */
export function presentedInMeta({ params }: JSONRPCRequest): Presented | undefined {
  return readPresented(params?._meta?.[ATTESTATION_CAPABILITY_KEY]);
}

/** The same message without any attestation: the server's own code never sees a token, wherever a client put it. */
export function withoutMetaAttestation(message: JSONRPCMessage): JSONRPCMessage {
  if (!("method" in message)) return message;
  const { _meta: meta } = message.params ?? {};
  if (typeof meta !== "object" || meta === null || !Object.hasOwn(meta, ATTESTATION_CAPABILITY_KEY)) {
    return message;
  }
  const { _meta: _, ...params } = message.params ?? {};
  const { [ATTESTATION_CAPABILITY_KEY]: __, ...otherMeta } = meta;
  const isEmpty = Object.keys(otherMeta).length === 0;
  return { ...message, params: isEmpty ? params : { ...params, _meta: otherMeta } };
}
