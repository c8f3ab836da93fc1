import type { Message } from "@attest/core/wire";
import type { GateSettings } from "./gate-options.js";

type Waiting = readonly [message: Message, extra: unknown];

/** The messages that arrive while a session's `initialize` is under way, in their order and bounded. */
export class WaitingMessages {
  readonly #limits: Pick<GateSettings, "maxQueuedMessages" | "maxQueuedBytes">;
  #messages: Waiting[] = [];
  #bytes = 0;

  constructor(limits: Pick<GateSettings, "maxQueuedMessages" | "maxQueuedBytes">) {
    this.#limits = limits;
  }

  /** Takes a message up. Returns `false` when there is no room left. */
  add(message: Message, extra: unknown): boolean {
    const bytes = this.#bytes + sizeOf(message);
    if (this.#messages.length >= this.#limits.maxQueuedMessages || bytes > this.#limits.maxQueuedBytes)
      return false;
    this.#messages.push([message, extra]);
    this.#bytes = bytes;
    return true;
  }

  /** Returns everything that waits; nothing does afterwards. */
  takeAll(): readonly Waiting[] {
    const messages = this.#messages;
    this.#messages = [];
    this.#bytes = 0;
    return messages;
  }
}

/** The length of `message` in bytes of JSON; infinite for what is nested too deeply to be written as JSON again. */
function sizeOf(message: Message): number {
  try {
    return Buffer.byteLength(JSON.stringify(message));
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
