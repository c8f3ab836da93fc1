import type { AttestationObserver } from "@attest/core";
import { notify } from "@attest/core/internal";
import { ask } from "./ask.js";
import type { CacheEvent } from "./events.js";
import { type Eviction, readEviction } from "./eviction.js";
import type { RedisLink } from "./redis-link.js";

/** Whether Redis evicts, as of the last look. */
export class EvictionWatch {
  readonly #observer: AttestationObserver<CacheEvent> | undefined;
  #eviction: Eviction = "unknown";

  constructor(observer: AttestationObserver<CacheEvent> | undefined) {
    this.#observer = observer;
  }

  get eviction(): Eviction {
    return this.#eviction;
  }

  /** Looks, and reports a Redis that evicts when it did not the last time. What Redis will not say stays unknown. */
  async look(link: RedisLink, timeoutSeconds: number): Promise<void> {
    const before = this.#eviction;
    const { eviction, policy } = await ask(link, timeoutSeconds, readEviction).catch(
      () => ({ eviction: "unknown", policy: null }) as const,
    );
    this.#eviction = eviction;
    if (this.#observer !== undefined && policy !== null && before !== "possible")
      notify(this.#observer, { type: "cache_evicts", policy });
  }
}
