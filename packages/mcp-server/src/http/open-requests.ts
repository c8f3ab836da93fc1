import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/sdk/types.js";

/**
 * Answers a request that its client gave up. The SDK's server does not, and MCP asks for no answer, but the SDK's HTTP
 * transport keeps a request, and the stream it came on, until there is one. The code is LSP 3.17's.
 */
const CANCELLED = { code: -32800, message: "Request cancelled" } as const;

/**
 * A session's requests that are not answered yet. The SDK's transport remembers each until it is, and a cancelled one
 * never is, so that a client could have it remember any number of them.
 */
export class OpenRequests {
  /** Each with whether it can be cancelled: `initialize` cannot. */
  readonly #open = new Map<RequestId, { readonly isCancellable: boolean }>();

  /** Takes up the requests in `body`, one message or a batch; `false`, and none of them, when that were more than `most`. */
  add(body: unknown, most: number): boolean {
    const requests = requestsIn(body);
    if (this.#open.size + requests.length > most) return false;
    for (const { id, method } of requests) this.#open.set(id, { isCancellable: method !== "initialize" });
    return true;
  }

  /** Takes the requests in `body` back, which the transport refused. */
  remove(body: unknown): void {
    for (const { id } of requestsIn(body)) this.#open.delete(id);
  }

  /** Takes note of a message on its way out; `false` when it answers what is answered already. */
  sends(message: JSONRPCMessage): boolean {
    if ("method" in message || !("id" in message) || message.id === undefined) return true;
    return this.#open.delete(message.id);
  }

  /**
   * What to answer, in the server's place, to the open requests that the messages in `body` cancel. In a batch the SDK's
   * server finds those that follow, too.
   */
  answersToCancelled(body: unknown): readonly JSONRPCMessage[] {
    return messagesIn(body)
      .filter(({ method }) => method === "notifications/cancelled")
      .map(({ params }) => (Object(params) as { readonly requestId?: unknown }).requestId)
      .filter(isId)
      .filter((id) => this.#open.get(id)?.isCancellable)
      .map((id) => ({ jsonrpc: "2.0", id, error: CANCELLED }));
  }
}

interface MessageLike {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: unknown;
}

function messagesIn(body: unknown): readonly MessageLike[] {
  return (Array.isArray(body) ? body : [body]).map((message) => Object(message) as MessageLike);
}

function requestsIn(body: unknown): readonly (MessageLike & { readonly id: RequestId })[] {
  return messagesIn(body).filter(
    (message): message is MessageLike & { readonly id: RequestId } =>
      isId(message.id) && typeof message.method === "string",
  );
}

function isId(value: unknown): value is RequestId {
  return typeof value === "string" || typeof value === "number";
}
