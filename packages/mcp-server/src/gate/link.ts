import type { Message } from "@attest/core/wire";

/**
 * A transport of an MCP SDK, as far as a gate needs one. Transports of SDK v1 and v2 fit it, and it fits theirs; the
 * listener is typed as a method, so that each may hand over messages of its own type.
 */
export interface TransportLike {
  start(): Promise<void>;
  send(message: Message, options?: unknown): Promise<void>;
  close(): Promise<void>;
  onmessage?: MessageListener | undefined;
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
}

/** Hears each message, and what the transport hands over beside it. */
type MessageListener = { listen(message: Message, extra?: unknown): void }["listen"];

/** How a message came, as the room of an SDK generation reads it from the transport and from what came beside it. */
export interface Arrival {
  /** Whether the message came over HTTP. */
  readonly isHttp: boolean;
  /** Whether the message came over HTTP without a session: then it stands alone, and no handshake precedes it. */
  readonly isStateless: boolean;
  /** The OAuth access token that came with the message, as the host has validated it. */
  readonly accessToken: string | undefined;
}

/** Reads how a message came. `extra` is what the transport handed over beside the message. */
export type ArrivalReader = (transport: TransportLike, extra: unknown) => Arrival;
