import { answeredId, cancelledId, isRequest, type Message, type RequestId } from "@attest/core/wire";

/**
 * The server's requests to the client, over several sessions. Every session numbers its requests from the start, so a
 * late answer to a request of a session that is gone would be taken for the answer to another: a user who agreed to one
 * thing would have agreed to the next. Requests of later sessions therefore have ids of their own at the client, and an
 * answer to what is gone goes nowhere.
 */
export class ServerRequests {
  #session = 0;
  /** The requests that are not answered: the server's id, by the client's. */
  readonly #open = new Map<RequestId, RequestId>();

  /** Returns a message of the server as the client is to get it. */
  incoming(message: Message): Message {
    if (isRequest(message)) {
      const id = this.#clientId(message.id);
      this.#open.set(id, message.id);
      return id === message.id ? message : { ...message, id };
    }
    const cancelled = cancelledId(message);
    if (cancelled === undefined || this.#session === 0 || !("params" in message)) return message;
    return { ...message, params: { ...message.params, requestId: this.#clientId(cancelled) } };
  }

  /** Returns the client's response as the server is to get it; `undefined` when its session is gone. */
  outgoing(response: Message): Message | undefined {
    const id = answeredId(response);
    if (id === undefined) return response;
    const serverId = this.#open.get(id);
    this.#open.delete(id);
    if (serverId === undefined) return this.#session === 0 ? response : undefined;
    return serverId === id ? response : ({ ...response, id: serverId } as Message);
  }

  /** Takes note that the session is gone. Returns the ids, at the client, of requests that need no answer any more. */
  nextSession(): readonly RequestId[] {
    const gone = [...this.#open.keys()];
    this.#open.clear();
    this.#session += 1;
    return gone;
  }

  #clientId(id: RequestId): RequestId {
    return this.#session === 0 ? id : `session-${this.#session}:${JSON.stringify(id)}`;
  }
}
