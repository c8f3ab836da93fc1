import type { Message, RequestId } from "@attest/core/wire";

/** A JSON-RPC message as an SDK hands it over. It is looked at as a {@link Message}. */
interface MessageLike {
  readonly jsonrpc: "2.0";
}

/** The options of a message on its way out, as far as they matter here. */
export interface SendOptionsLike {
  /** The request of the server in whose course the message is sent. */
  readonly relatedRequestId?: RequestId | undefined;
  /** Set when nothing is sent: the transport then takes up the answer to an earlier request. */
  readonly resumptionToken?: string | undefined;
}

/** A listener, written as a method: its parameters may be declared in more detail than here. */
interface MessageListener {
  receive(message: MessageLike, extra?: object): void;
}

/**
 * A transport of any MCP SDK, by the six members that all of them have. The types are structural: the transports of SDK
 * v1 and v2 can be given where one is asked for, and taken back as what they are.
 */
export interface TransportLike {
  start(): Promise<void>;
  send(message: Message, options?: SendOptionsLike): Promise<void>;
  close(): Promise<void>;
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  onmessage?: MessageListener["receive"] | undefined;
}
