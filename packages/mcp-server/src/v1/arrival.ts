import { membersOf } from "@attest/core/internal";
import type { Arrival, TransportLike } from "../gate/link.js";
import { accessTokenOf } from "../http/front/access-token.js";

/**
 * Reads how a message of SDK v1 came: over HTTP the transport hands over `requestInfo`, and a stateful one has a session
 * id by the time it hands over anything.
 */
export function arrivalOf(transport: TransportLike, extra: unknown): Arrival {
  const { requestInfo, authInfo } = membersOf(extra);
  const { sessionId } = transport as { readonly sessionId?: unknown };
  const isHttp = requestInfo !== undefined;
  return { isHttp, isStateless: isHttp && sessionId === undefined, accessToken: accessTokenOf(authInfo) };
}
