import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/sdk/types.js";

/** A request that waits. */
export interface HeldRequest {
  /** Whether its client has given it up: then it neither runs nor is answered (MCP 2025-11-25, "Cancellation"). */
  readonly isCancelled: boolean;
}

/**
 * The requests that wait at the gate, for a verifier or a rule. The server has not heard of them yet, so that a
 * cancellation must find them here.
 */
export class HeldRequests {
  /** By id, of which a careless client may use one twice. What is cancelled waits no longer. */
  readonly #held = new Map<RequestId, Set<{ isCancelled: boolean }>>();
  #size = 0;

  /** How many wait, those included that were cancelled meanwhile. */
  get size(): number {
    return this.#size;
  }

  /** The request `id` waits until `work` has settled. */
  async holdDuring(id: RequestId, work: (held: HeldRequest) => Promise<void>): Promise<void> {
    const held = { isCancelled: false };
    this.#held.set(id, (this.#held.get(id) ?? new Set()).add(held));
    this.#size += 1;
    try {
      await work(held);
    } finally {
      this.#size -= 1;
      const sameId = this.#held.get(id);
      sameId?.delete(held);
      if (sameId?.size === 0) this.#held.delete(id);
    }
  }

  /** Whether `message` cancels requests that wait here: then it is done with. */
  cancelledBy(message: JSONRPCMessage): boolean {
    if (this.#held.size === 0) return false;
    if (!("method" in message) || message.method !== "notifications/cancelled") return false;
    const id = message.params?.["requestId"] as RequestId;
    const found = this.#held.get(id);
    if (found === undefined) return false;
    for (const held of found) held.isCancelled = true;
    this.#held.delete(id);
    return true;
  }
}
