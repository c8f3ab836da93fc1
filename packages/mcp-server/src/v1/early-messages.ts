import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import type { UnsentAnswer, UnsentBytes } from "../http/front/unsent-bytes.js";

/** Messages that a server sends of its own accord before its client listens. They count as unsent bytes. */
export class EarlyMessages {
  readonly #most: number;
  readonly #unsent: UnsentAnswer;
  #messages: JSONRPCMessage[] = [];
  #bytes = 0;

  constructor(most: number, unsent: UnsentBytes) {
    this.#most = most;
    this.#unsent = unsent.open(() => {
      this.#messages = [];
    });
  }

  get size(): number {
    return this.#messages.length;
  }

  /** Keeps `message`; `false` when there are as many as may be. */
  keep(message: JSONRPCMessage): boolean {
    if (this.#messages.length >= this.#most) return false;
    this.#messages.push(message);
    this.#bytes += Buffer.byteLength(JSON.stringify(message));
    this.#unsent.holds(this.#bytes);
    return true;
  }

  /** Hands over every message that was kept, those included that come meanwhile. */
  async deliver(send: (message: JSONRPCMessage) => Promise<void>): Promise<void> {
    for (let next = this.#messages.shift(); next !== undefined; next = this.#messages.shift())
      await send(next);
    this.#bytes = 0;
    this.#unsent.holds(0);
  }
}
