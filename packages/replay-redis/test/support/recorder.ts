import type { AttestationEvent, AttestationObserver } from "@attest/core";

/** Keeps every event. */
export class Recorder implements AttestationObserver {
  readonly events: AttestationEvent[] = [];

  record(event: AttestationEvent): void {
    this.events.push(event);
  }

  /** The states that a cache went through. */
  get states(): readonly string[] {
    return this.events.flatMap((event) => (event.type === "cache_state_changed" ? [event.to] : []));
  }
}
