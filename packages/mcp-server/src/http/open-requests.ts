import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/sdk/types.js";

/** Answers a request that its client gave up, and that the server therefore does not answer (as LSP 3.17 has it). */
const CANCELLED = { code: -32800, message: "Request cancelled" } as const;

/**
 * A session's requests that are not answered yet. The SDK's transport remembers each until it is, and a cancelled one
 * never is, so that a client could have it remember any number of them.
 */
export class OpenRequests {
  readonly #ids = new Set<RequestId>();

  /** Takes up the requests in `body`, one message or a batch; `false`, and none of them, when that were more than `most`. */
  add(body: unknown, most: number): boolean {
    const ids = requestIdsIn(body);
    if (this.#ids.size + ids.length > most) return false;
    for (const id of ids) this.#ids.add(id);
    return true;
  }

  /** Takes the requests in `body` back, which the transport refused. */
  remove(body: unknown): void {
    for (const id of requestIdsIn(body)) this.#ids.delete(id);
  }

  /** Takes note of an answer on its way out. */
  answered(message: JSONRPCMessage): void {
    if (!("method" in message) && "id" in message && message.id !== undefined) this.#ids.delete(message.id);
  }

  /** What to answer, in the server's place, to the open requests that the messages in `body` cancel. */
  answersToCancelled(body: unknown): readonly JSONRPCMessage[] {
    return messagesIn(body)
      .filter(({ method }) => method === "notifications/cancelled")
      .map(({ params }) => (Object(params) as { readonly requestId?: unknown }).requestId)
      .filter((id): id is RequestId => isId(id) && this.#ids.has(id))
      .map((id) => ({ jsonrpc: "2.0", id, error: CANCELLED }));
  }
}

/** `initialize` cannot be cancelled, and is answered. */
function requestIdsIn(body: unknown): readonly RequestId[] {
  return messagesIn(body)
    .filter(({ method }) => typeof method === "string" && method !== "initialize")
    .map(({ id }) => id)
    .filter(isId);
}

interface MessageLike {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: unknown;
}

function messagesIn(body: unknown): readonly MessageLike[] {
  return (Array.isArray(body) ? body : [body]).map((message) => Object(message) as MessageLike);
}

function isId(value: unknown): value is RequestId {
  return typeof value === "string" || typeof value === "number";
}
