import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import type { GateSettings } from "./gate-options.js";
import type { MessageExtra } from "./messages.js";

type Waiting = readonly [message: JSONRPCMessage, extra: MessageExtra];

/** What arrives while a session's `initialize` is under way: so much of it, in its order, and no more. */
export class WaitingMessages {
  readonly #limits: Pick<GateSettings, "maxQueuedMessages" | "maxQueuedBytes">;
  #messages: Waiting[] = [];
  #bytes = 0;

  constructor(limits: Pick<GateSettings, "maxQueuedMessages" | "maxQueuedBytes">) {
    this.#limits = limits;
  }

  /** `false` when there is no room left. */
  add(message: JSONRPCMessage, extra: MessageExtra): boolean {
    const bytes = this.#bytes + sizeOf(message);
    if (this.#messages.length >= this.#limits.maxQueuedMessages || bytes > this.#limits.maxQueuedBytes)
      return false;
    this.#messages.push([message, extra]);
    this.#bytes = bytes;
    return true;
  }

  /** Everything that waits; nothing does afterwards. */
  takeAll(): readonly Waiting[] {
    const messages = this.#messages;
    this.#messages = [];
    this.#bytes = 0;
    return messages;
  }
}

/** In bytes of JSON; more than any limit for what is nested too deeply to be written as JSON again. */
function sizeOf(message: JSONRPCMessage): number {
  try {
    return Buffer.byteLength(JSON.stringify(message));
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
