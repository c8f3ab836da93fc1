import { randomBytes } from "node:crypto";
import {
  answeredId,
  cancelledId,
  type Message,
  type NotificationMessage,
  type RequestId,
  type RequestMessage,
} from "@attest/core/wire";
import type { Caller } from "../context/caller.js";

/** Requests of the server that may wait for an answer at once. Further ones are refused to the server. */
const MAX_OPEN = 256;
const ID_BYTES = 16;

interface OpenRequest {
  /** The id under which the server knows the request. */
  readonly id: RequestId;
  readonly caller: Caller;
}

/**
 * The server's own requests to a client that proves each of its requests. They go out under ids that nobody can guess, so
 * that only who reads the stream of a proven request can answer them: a session id alone answers nothing.
 */
export class ServerRequests {
  readonly #open = new Map<RequestId, OpenRequest>();

  /** Returns `request` under an id to send it with; `undefined` when too many are open. */
  conceal(request: RequestMessage, caller: Caller): RequestMessage | undefined {
    if (this.#open.size >= MAX_OPEN) return undefined;
    const id = randomBytes(ID_BYTES).toString("base64url");
    this.#open.set(id, { id: request.id, caller });
    return { ...request, id };
  }

  /** Returns the server's notification with the id that the client knows, where it cancels a request. */
  concealCancelled(notification: NotificationMessage): NotificationMessage {
    const cancelled = cancelledId(notification);
    if (cancelled === undefined) return notification;
    const [requestId] = [...this.#open].find(([, { id }]) => id === cancelled) ?? [];
    if (requestId === undefined) return notification;
    this.#open.delete(requestId);
    return { ...notification, params: { ...notification.params, requestId } };
  }

  /** Returns an answer under the server's own id, and who was asked; `undefined` when nobody asked. */
  reveal(answer: Message): { readonly message: Message; readonly caller: Caller } | undefined {
    const id = answeredId(answer);
    const open = id === undefined ? undefined : this.#open.get(id);
    if (id === undefined || open === undefined) return undefined;
    this.#open.delete(id);
    return { message: { ...answer, id: open.id } as Message, caller: open.caller };
  }
}
