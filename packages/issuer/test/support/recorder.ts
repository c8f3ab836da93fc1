import type { AttestationObserver } from "@attest/core";
import type { KeySetEvent } from "@attest/jwks";
import type { IssuerEvent } from "../../src/index.js";

/** An observer that keeps what it is told. */
export class Recorder implements AttestationObserver<IssuerEvent | KeySetEvent> {
  readonly events: (IssuerEvent | KeySetEvent)[] = [];

  record(event: IssuerEvent | KeySetEvent): void {
    this.events.push(event);
  }

  /** The latest refusal. */
  get refusal(): Extract<IssuerEvent, { type: "attestation_refused" }> {
    const found = this.events.findLast((event) => event.type === "attestation_refused");
    if (found === undefined) throw new Error("nothing was refused");
    return found;
  }

  /** The latest attestation. */
  get issued(): Extract<IssuerEvent, { type: "attestation_issued" }> {
    const found = this.events.findLast((event) => event.type === "attestation_issued");
    if (found === undefined) throw new Error("nothing was issued");
    return found;
  }
}
