import { cancelledId, type Message, type RequestId } from "@attest/core/wire";

/** A request that waits at the gate. */
export interface Hold {
  /** Whether its client has given the request up: then it neither runs nor is answered (MCP 2025-11-25, "Cancellation"). */
  readonly isCancelled: boolean;
  /** Ends the wait. */
  release(): void;
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

  /** Holds the request `id` until its `release`. */
  hold(id: RequestId): Hold {
    const held = {
      isCancelled: false,
      release: () => {
        this.#size -= 1;
        const sameId = this.#held.get(id);
        sameId?.delete(held);
        if (sameId?.size === 0) this.#held.delete(id);
      },
    };
    this.#held.set(id, (this.#held.get(id) ?? new Set()).add(held));
    this.#size += 1;
    return held;
  }

  /** Whether a request with this id waits here and is not cancelled. */
  has(id: RequestId): boolean {
    return this.#size > 0 && this.#held.has(id);
  }

  /** Whether `message` cancels requests that wait here: then it is done with. */
  cancelledBy(message: Message): boolean {
    if (this.#held.size === 0) return false;
    const id = cancelledId(message);
    const found = id === undefined ? undefined : this.#held.get(id);
    if (id === undefined || found === undefined) return false;
    for (const held of found) held.isCancelled = true;
    this.#held.delete(id);
    return true;
  }
}
