import type { AttestationObserver } from "@attest/core";
import type { CacheEvent } from "../../src/events.js";

/** Keeps every event. */
export class Recorder implements AttestationObserver<CacheEvent> {
  readonly events: CacheEvent[] = [];

  record(event: CacheEvent): void {
    this.events.push(event);
  }

  /** The states of a cache, in their order. */
  get states(): readonly string[] {
    return this.events.flatMap((event) => (event.type === "cache_state_changed" ? [event.to] : []));
  }
}
