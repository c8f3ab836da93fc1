import type { AttestationEvent, AttestationObserver } from "@attest/core";

/** An observer that keeps what it is told. */
export class Recorder implements AttestationObserver {
  readonly events: AttestationEvent[] = [];

  record(event: AttestationEvent): void {
    this.events.push(event);
  }
}
