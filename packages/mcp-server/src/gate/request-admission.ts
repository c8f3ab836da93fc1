import { AttestationError, AttestationErrorCode } from "@attest/core";
import {
  type Evidence,
  evidenceIn,
  isIdTooLong,
  isRequest,
  type Message,
  type NotificationMessage,
  type RequestMessage,
  withoutEvidence,
} from "@attest/core/wire";
import { ANONYMOUS, type Caller } from "../context/caller.js";
import { type Admission, DROP, type Passage, type Step } from "./admission.js";
import type { AdmissionEnvironment } from "./admission-environment.js";
import { decideHandshake, mayBeUnattested } from "./decisions.js";
import { ID_TOO_LONG, refusal } from "./refusals.js";
import { judge, type Verdict } from "./verdict.js";

/** Messages that say nothing of who sends them, and do nothing that a stranger may not (protocol §7). */
const UNGATED: ReadonlySet<string> = new Set([
  "server/discover",
  "notifications/cancelled",
  "notifications/initialized",
]);

/** Decides about the messages of a stateless HTTP server: each stands alone, with evidence of its own. */
export class RequestAdmission implements Admission {
  readonly #environment: AdmissionEnvironment;
  #caller: Caller = ANONYMOUS;
  #isClosed = false;

  constructor(environment: AdmissionEnvironment) {
    this.#environment = environment;
  }

  /** The agent of the request that was admitted last. */
  get caller(): Caller {
    return this.#caller;
  }

  decide(message: Message, extra: unknown): Step | Promise<Step> {
    // An answer that comes without a session answers nothing.
    if (this.#isClosed || !("method" in message)) return DROP;
    if (isRequest(message) && isIdTooLong(message)) return { kind: "refuse", error: ID_TOO_LONG };
    if (isRequest(message) && message.method === "ping") return { kind: "acknowledge" };
    if (UNGATED.has(message.method)) return this.#admit(message, ANONYMOUS);
    const evidence = evidenceIn(message);
    return evidence === undefined ? this.#withoutEvidence(message) : this.#judge(message, evidence, extra);
  }

  outgoing(): Passage {
    return "pass";
  }

  end(): void {
    this.#isClosed = true;
  }

  #withoutEvidence(message: RequestMessage | NotificationMessage): Step {
    const { verifier } = this.#environment.settings;
    if (mayBeUnattested(verifier.policy)) return this.#admit(message, ANONYMOUS);
    const code = AttestationErrorCode.ATTESTATION_REQUIRED;
    const detail =
      "no evidence came with the request, and a stateless server keeps no session that has shown some";
    return {
      kind: "refuse",
      error: refusal(code, verifier, true),
      denial: new AttestationError(code, detail),
    };
  }

  #judge(
    message: RequestMessage | NotificationMessage,
    evidence: Evidence,
    extra: unknown,
  ): Step | Promise<Step> {
    const { settings, handedOver, arrivalOf } = this.#environment;
    const given = isRequest(message) ? handedOver(message.id) : undefined;
    if (given !== undefined) return this.#decide(message, given.verdict);
    const { accessToken } = arrivalOf(extra);
    return judge(evidence, message, settings, accessToken).then((verdict) => this.#decide(message, verdict));
  }

  #decide(message: RequestMessage | NotificationMessage, verdict: Verdict): Step {
    if (this.#isClosed) return DROP;
    const { settings, judged } = this.#environment;
    judged(verdict);
    const decision = decideHandshake(verdict, settings.verifier, true);
    return decision.kind === "admit" ? this.#admit(message, decision.caller) : decision;
  }

  #admit(message: Message, caller: Caller): Step {
    this.#caller = caller;
    return { kind: "admit", message: withoutEvidence(message), caller };
  }
}
