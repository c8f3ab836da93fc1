import {
  isResult,
  type JsonObject,
  type Message,
  type RequestMessage,
  withoutEvidence,
} from "@attest/core/wire";

/** The things of a session that its successor is to have, as far as the server has agreed to them. */
export class SessionMemory {
  /** The client's own `initialize`, without evidence. */
  readonly initialize: RequestMessage;
  #isInitialized = false;
  #level: JsonObject | undefined;
  readonly #subscriptions = new Map<unknown, JsonObject>();

  constructor(initialize: RequestMessage) {
    this.initialize = withoutEvidence(initialize);
  }

  /** Whether the handshake has succeeded: without that there is no session to succeed. */
  get isInitialized(): boolean {
    return this.#isInitialized;
  }

  /** Takes note of the server's answer to `request`. */
  answered(request: RequestMessage, answer: Message): void {
    if (!isResult(answer)) return;
    const { method, params = {} } = request;
    if (method === this.initialize.method) this.#isInitialized = true;
    else if (method === "logging/setLevel") this.#level = params;
    else if (method === "resources/subscribe") this.#subscriptions.set(params["uri"], params);
    else if (method === "resources/unsubscribe") this.#subscriptions.delete(params["uri"]);
  }

  /** Forgets the subscription that the server refused to restore. */
  forget({ method, params }: Restoring): void {
    if (method === "resources/subscribe") this.#subscriptions.delete(params["uri"]);
    else this.#level = undefined;
  }

  /** Returns the requests that restore the log level and the subscriptions, in this order. */
  restoring(): readonly Restoring[] {
    const subscriptions = [...this.#subscriptions.values()];
    return [
      ...(this.#level === undefined ? [] : [{ method: "logging/setLevel", params: this.#level }]),
      ...subscriptions.map((params) => ({ method: "resources/subscribe", params })),
    ];
  }
}

/** A request that restores something, without its id. */
export interface Restoring {
  readonly method: string;
  readonly params: JsonObject;
}
