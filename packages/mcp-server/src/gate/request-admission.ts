import { AttestationError, AttestationErrorCode } from "@attest/core";
import { isRequest, type Message, withoutEvidence } from "@attest/core/wire";
import { ANONYMOUS, type Caller } from "../context/caller.js";
import { type Admission, DROP, type Passage, type Step } from "./admission.js";
import { mayBeUnattested } from "./decisions.js";
import type { GateSettings } from "./gate-options.js";
import { refusal } from "./refusals.js";

/**
 * Decides about the messages of a stateless HTTP server: each stands alone, and none is attested. Where attestation is
 * required nothing passes, and the observer is told why.
 */
export class RequestAdmission implements Admission {
  readonly caller: Caller = ANONYMOUS;
  readonly #settings: GateSettings;
  #isClosed = false;

  constructor(settings: GateSettings) {
    this.#settings = settings;
  }

  decide(message: Message): Step {
    const { verifier } = this.#settings;
    if (this.#isClosed) return DROP;
    if (!mayBeUnattested(verifier.policy)) {
      const detail = "a stateless HTTP server keeps no session to be attested: set a sessionIdGenerator";
      const code = AttestationErrorCode.ATTESTATION_REQUIRED;
      return { kind: "refuse", error: refusal(code, verifier), denial: new AttestationError(code, detail) };
    }
    return isRequest(message)
      ? { kind: "admit", message: withoutEvidence(message), caller: ANONYMOUS }
      : DROP;
  }

  outgoing(): Passage {
    return "pass";
  }

  end(): void {
    this.#isClosed = true;
  }
}
