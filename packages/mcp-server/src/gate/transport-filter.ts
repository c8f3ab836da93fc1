import { isMessage, type Message } from "@attest/core/wire";
import type { TransportLike } from "./link.js";

/**
 * Stands between a transport and the server that is connected to it, which takes the filter for the transport. The
 * subclass says what passes.
 */
export abstract class TransportFilter implements TransportLike {
  readonly #inner: TransportLike;

  onmessage: TransportLike["onmessage"];
  onclose: TransportLike["onclose"];
  onerror: TransportLike["onerror"];
  declare setProtocolVersion?: (version: string) => void;

  constructor(inner: TransportLike) {
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
    const { setProtocolVersion } = inner as Partial<Record<"setProtocolVersion", (version: string) => void>>;
    // The SDK looks whether the member is there, so it must not be there when the inner transport has none.
    if (setProtocolVersion) this.setProtocolVersion = (version) => setProtocolVersion.call(inner, version);
  }

  get sessionId(): string | undefined {
    return (this.#inner as { readonly sessionId?: string | undefined }).sessionId;
  }

  start(): Promise<void> {
    return this.#inner.start();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  /** The server sends `message`. */
  abstract send(message: Message, options?: unknown): Promise<void>;

  /** The client sent `message`. */
  protected abstract receive(message: Message, extra: unknown): void;

  /** The connection is over. */
  protected abstract ended(): void;

  /** Lets `message` through to the client. */
  protected toClient(message: Message, options?: unknown): Promise<void> {
    return this.#inner.send(message, options);
  }

  /** Lets `message` through to the server. */
  protected toServer(message: Message, extra: unknown): void {
    this.onmessage?.(message, extra);
  }
}
