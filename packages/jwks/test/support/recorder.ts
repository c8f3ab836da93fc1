import type { AttestationObserver, TokenEvent } from "@attest/core";
import type { KeySetEvent } from "../../src/events.js";

/** An observer that keeps what it is told. */
export class Recorder implements AttestationObserver {
  readonly events: (KeySetEvent | TokenEvent)[] = [];

  record(event: KeySetEvent | TokenEvent): void {
    this.events.push(event);
  }
}
