import { membersOf } from "@attest/core/internal";
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/sdk/types.js";
import { HttpRefusal } from "../http/front/http-refusal.js";

/** The requests that came in one HTTP request, and what has become of them. */
export class Exchange {
  /** Requests that are not answered yet. */
  readonly pending: Set<RequestId> = new Set();
  /** Requests that their client gave up: nobody answers them. */
  readonly cancelled: RequestId[] = [];
  /** Answers, where they are collected. */
  readonly answers: JSONRPCMessage[] = [];
  /** Called when nothing of it is pending any more. */
  onOver: () => void = () => undefined;
}

/**
 * A session's requests that are not answered yet. The SDK's transport remembers each until it is, and a cancelled one
 * never is, so that a client could have it remember any number of them.
 */
export class OpenRequests {
  readonly #most: number;
  readonly #open = new Map<RequestId, { readonly exchange: Exchange; readonly isCancellable: boolean }>();

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#open.size;
  }

  /**
   * Takes up the requests in `body`, one message or a batch.
   *
   * @throws {HttpRefusal} 503 when that were too many, 400 when an id is in use; then none of them is taken up.
   */
  add(body: unknown): Exchange {
    const exchange = new Exchange();
    const requests = requestsIn(body);
    if (this.#open.size + requests.length > this.#most) {
      throw new HttpRefusal(503, "Service Unavailable: too many of the session's requests are unanswered");
    }
    for (const { id } of requests) {
      if (this.#open.has(id) || exchange.pending.has(id)) {
        throw new HttpRefusal(400, "Invalid Request: a request with this id is not answered yet", -32600);
      }
      exchange.pending.add(id);
    }
    for (const { id, method } of requests) {
      // MCP 2025-11-25, "Cancellation": `initialize` cannot be cancelled.
      this.#open.set(id, { exchange, isCancellable: method !== "initialize" });
    }
    return exchange;
  }

  /** Takes back an exchange that the transport refused. */
  remove(exchange: Exchange): void {
    for (const id of exchange.pending) this.#open.delete(id);
    exchange.pending.clear();
  }

  /** Notes the answer to `id`; returns the exchange that it belongs to, or `undefined` when nobody waits for it. */
  answer(id: RequestId): Exchange | undefined {
    const exchange = this.#open.get(id)?.exchange;
    this.#open.delete(id);
    exchange?.pending.delete(id);
    return exchange;
  }

  /** Gives up the open requests that `body` cancels; returns the exchanges that they belong to. */
  cancelBy(body: unknown): ReadonlySet<Exchange> {
    const exchanges = new Set<Exchange>();
    for (const id of cancelledIn(body)) {
      if (!this.#open.get(id)?.isCancellable) continue;
      const exchange = this.answer(id);
      exchange?.cancelled.push(id);
      if (exchange !== undefined) exchanges.add(exchange);
    }
    return exchanges;
  }
}

/** Whether `body` cancels anything. */
export function cancels(body: unknown): boolean {
  return cancelledIn(body).length > 0;
}

type Members = Readonly<Record<string, unknown>>;

function messagesIn(body: unknown): readonly Members[] {
  return (Array.isArray(body) ? body : [body]).map(membersOf);
}

function requestsIn(body: unknown): readonly { readonly id: RequestId; readonly method: string }[] {
  return messagesIn(body).flatMap(({ id, method }) =>
    isId(id) && typeof method === "string" ? [{ id, method }] : [],
  );
}

function cancelledIn(body: unknown): readonly RequestId[] {
  return messagesIn(body)
    .filter(({ method, id }) => method === "notifications/cancelled" && id === undefined)
    .map(({ params }) => membersOf(params)["requestId"])
    .filter(isId);
}

function isId(value: unknown): value is RequestId {
  return typeof value === "string" || typeof value === "number";
}
