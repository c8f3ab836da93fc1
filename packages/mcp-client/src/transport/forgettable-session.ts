import { membersOf } from "@attest/core/internal";
import { isOwnFailure } from "../evidence/own-failures.js";
import type { TransportLike } from "./transport-like.js";

/** The HTTP session of a transport that can be made to open another one. */
export interface ForgettableSession {
  /** The session's id; `undefined` before there is one, with a server that has none, and once it is forgotten. */
  readonly id: string | undefined;
  /** Forgets the session, so that the next `initialize` opens another. The server is told nothing. */
  forget(): void;
  /** Ends attempts to take up the streams of a session that is gone. */
  stopResuming(): void;
  /** Sets the protocol version that requests name from now on. */
  negotiated(version: string): void;
}

/** The members of both SDKs' Streamable HTTP transports that are looked at. Those with an underscore are private there. */
interface StreamableMembers {
  readonly sessionId?: unknown;
  _sessionId?: string | undefined;
  readonly _reconnectionTimeout?: NodeJS.Timeout | undefined;
  readonly _cancelReconnection?: (() => void) | undefined;
  setProtocolVersion?(version: string): void;
}

/**
 * Returns the session of a Streamable HTTP transport; `undefined` for every other transport. No SDK has a way to forget
 * a session, and a transport sends its id with every request, `initialize` included: so a private member is set.
 */
export function forgettableSession(transport: TransportLike): ForgettableSession | undefined {
  if (!("_sessionId" in transport) || !("sessionId" in transport)) return undefined;
  const streamable = transport as StreamableMembers;
  return {
    get id() {
      const { sessionId } = streamable;
      return typeof sessionId === "string" ? sessionId : undefined;
    },
    forget: () => {
      streamable._sessionId = undefined;
      // A handshake has no version yet; an empty one is not sent.
      streamable.setProtocolVersion?.("");
    },
    stopResuming: () => {
      clearTimeout(streamable._reconnectionTimeout);
      streamable._cancelReconnection?.();
    },
    negotiated: (version) => streamable.setProtocolVersion?.(version),
  };
}

/** Whether `error` is an HTTP answer 404: to a request with a session's id it means that the session is unknown. */
export function isSessionUnknown(error: unknown): boolean {
  // SDK v1 has the status as the error's code, v2 as its status.
  const { code, status } = membersOf(error);
  return error instanceof Error && (code === 404 || status === 404) && !isOwnFailure(error);
}
