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
  readonly #held = new Map<RequestId, { isCancelled: boolean }>();

  /** The request `id` waits until `work` has settled. */
  async holdDuring(id: RequestId, work: (held: HeldRequest) => Promise<void>): Promise<void> {
    const held = { isCancelled: false };
    this.#held.set(id, held);
    try {
      await work(held);
    } finally {
      // Another request may have come under the same id.
      if (this.#held.get(id) === held) this.#held.delete(id);
    }
  }

  /** Whether `message` cancels a request that waits here: then it is done with. */
  cancelledBy(message: JSONRPCMessage): boolean {
    if (this.#held.size === 0) return false;
    if (!("method" in message) || message.method !== "notifications/cancelled") return false;
    const held = this.#held.get(message.params?.["requestId"] as RequestId);
    if (held === undefined) return false;
    held.isCancelled = true;
    return true;
  }
}
