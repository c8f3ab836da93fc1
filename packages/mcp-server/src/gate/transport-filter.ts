import type { Transport, TransportSendOptions } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { isMessage, type MessageExtra } from "./messages.js";

/**
 * Stands between a transport and the server that is connected to it, which takes it for the transport. What
 * passes is for the subclass to say.
 */
export abstract class TransportFilter implements Transport {
  readonly #inner: Transport;

  onmessage: Transport["onmessage"];
  onclose: Transport["onclose"];
  onerror: Transport["onerror"];
  declare setProtocolVersion?: NonNullable<Transport["setProtocolVersion"]>;

  constructor(inner: Transport) {
    this.#inner = inner;
    // What the user set before `connect` moves behind the filter, where the SDK chains it to its own.
    this.onmessage = inner.onmessage;
    this.onclose = inner.onclose;
    this.onerror = inner.onerror;
    // Not every transport validates what it hands over.
    inner.onmessage = (message, extra) => {
      if (isMessage(message)) this.receive(message, extra);
      else this.onerror?.(new Error("what arrived is no JSON-RPC message"));
    };
    inner.onclose = () => {
      this.ended();
      this.onclose?.();
    };
    inner.onerror = (error) => this.onerror?.(error);
    // The SDK looks whether the member is there, so it must not be there when the inner transport has none.
    if (inner.setProtocolVersion) this.setProtocolVersion = (version) => inner.setProtocolVersion?.(version);
  }

  get sessionId(): string | undefined {
    return this.#inner.sessionId;
  }

  start(): Promise<void> {
    return this.#inner.start();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  /** The server sends `message`. */
  abstract send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void>;

  /** The client sent `message`. */
  protected abstract receive(message: JSONRPCMessage, extra: MessageExtra): void;

  /** The connection is over. */
  protected abstract ended(): void;

  /** Lets `message` through to the client. */
  protected toClient(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void> {
    return this.#inner.send(message, options);
  }

  /** Lets `message` through to the server. */
  protected toServer(message: JSONRPCMessage, extra: MessageExtra): void {
    this.onmessage?.(message, extra);
  }
}
