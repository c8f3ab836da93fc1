import { membersOf, withDeadline } from "@attest/core/internal";
import type { TransportLike } from "./transport-like.js";

/** How long a server may take to end a session, in seconds. Closing goes on without its answer then. */
const DEADLINE_SECONDS = 5;

/**
 * Ends the session of a Streamable HTTP transport with `DELETE`, as a client does that will not come back. Without it
 * the server would keep the session until it has been idle for long.
 *
 * Returns `undefined` at once for a transport without a session. It never rejects: the transport tells its `onerror`.
 */
export function endHttpSession(
  transport: TransportLike,
  terminateSession: unknown = membersOf(transport)["terminateSession"],
): Promise<void> | undefined {
  const { sessionId } = membersOf(transport);
  if (typeof sessionId !== "string" || typeof terminateSession !== "function") return undefined;
  const ended = Promise.resolve(terminateSession.call(transport) as unknown);
  return withDeadline(ended, DEADLINE_SECONDS, () => new Error("the server did not end the session")).then(
    () => undefined,
    () => undefined,
  );
}
