import { AttestationError, AttestationErrorCode } from "@attest/core";
import {
  answeredId,
  type Evidence,
  evidenceIn,
  isIdTooLong,
  isRequest,
  isResult,
  type Message,
  type RequestId,
  type RequestMessage,
  type ResultMessage,
  withoutEvidence,
  withStatus,
} from "@attest/core/wire";
import { ANONYMOUS, type Caller } from "../context/caller.js";
import { type Admission, DROP, type Passage, type Step } from "./admission.js";
import { decideHandshake, decideRenewal } from "./decisions.js";
import type { GateSettings } from "./gate-options.js";
import type { HandedOver } from "./handed-over.js";
import { ID_TOO_LONG, INITIALIZED_ALREADY, refusal } from "./refusals.js";
import { judge, statusOf, type Verdict } from "./verdict.js";

/** The handshake as far as it has come. */
type State =
  /** No `initialize` yet. */
  | { readonly phase: "new" }
  /** `initialize` came, and its token is being verified. */
  | { readonly phase: "verifying"; readonly initializeId: RequestId }
  /** The verdict stands; the server's answer, which carries it, is not out yet. */
  | {
      readonly phase: "answering";
      readonly initializeId: RequestId;
      readonly verdict: Verdict;
      readonly caller: Caller;
    }
  | { readonly phase: "ready"; readonly caller: Caller }
  /** Refused, or the connection ended. */
  | { readonly phase: "closed" };

/** Renewals that a session may have under way: an honest client has one, or a few that met an expired token. */
const MAX_RENEWALS = 32;

/** The gate around a session's admission, as far as that needs it. */
export interface SessionEnvironment {
  readonly settings: GateSettings;
  /** Returns a verdict that was given before the session existed, if there is one. */
  readonly handedOver: (initializeId: RequestId) => HandedOver | undefined;
  /** Is told of each verdict, for the observer. */
  readonly judged: (verdict: Verdict) => void;
  /** Is told that the session goes on with a fresh token. */
  readonly renewed: (caller: Caller) => void;
}

/** Decides about the messages of a session: the handshake first, then everything as the agent that it verified. */
export class SessionAdmission implements Admission {
  readonly #environment: SessionEnvironment;
  #state: State = { phase: "new" };
  #renewals = 0;

  constructor(environment: SessionEnvironment) {
    this.#environment = environment;
  }

  get caller(): Caller {
    return "caller" in this.#state ? this.#state.caller : ANONYMOUS;
  }

  /** Whether nothing passes any more. */
  get isClosed(): boolean {
    return this.#state.phase === "closed";
  }

  decide(message: Message): Step | Promise<Step> {
    const state = this.#state;
    if (state.phase === "closed") return DROP;
    if (isRequest(message) && isIdTooLong(message)) {
      // Nobody is verified before the first message, and HTTP has opened a session for an `initialize` by then.
      return { kind: state.phase === "new" ? "end" : "refuse", error: ID_TOO_LONG };
    }
    if (state.phase === "ready") return this.#decideReady(message, state.caller);
    // Answered by the gate: the server's own answer may do more than that with what a ping carries.
    if (isRequest(message) && message.method === "ping") return this.#decidePing(message.id);
    if (state.phase !== "new") return { kind: "wait" };
    if (isRequest(message) && message.method === "initialize") return this.#handshake(message);
    return this.#required("the session is not initialized");
  }

  outgoing(message: Message): Passage {
    const state = this.#state;
    if (state.phase === "answering" && answeredId(message) === state.initializeId)
      return "answers-initialize";
    if (state.phase === "ready" || state.phase === "answering") return "pass";
    // Answers to what was let in before the connection ended; the transport knows what to do with them.
    if (state.phase === "closed" && answeredId(message) !== undefined) return "pass";
    // Nobody hears of a server before it is known who listens: neither its notifications nor its requests.
    return isRequest(message) ? "reject" : "drop";
  }

  /** Returns the server's answer to `initialize` with the verdict in it. An error goes out as it is. */
  withVerdict(answer: Message): Message {
    const state = this.#state;
    if (state.phase !== "answering" || !isResult(answer)) return answer;
    return withStatus(answer as ResultMessage, statusOf(state.verdict, this.#environment.settings.verifier));
  }

  /** The answer to `initialize` is out. An error leaves things as they were, and the client may try again. */
  answered(answer: Message): void {
    if (this.#state.phase !== "answering") return;
    this.#state = isResult(answer) ? { phase: "ready", caller: this.#state.caller } : { phase: "new" };
  }

  /** Whether no message has come yet. */
  get isNew(): boolean {
    return this.#state.phase === "new";
  }

  end(): void {
    this.#state = { phase: "closed" };
  }

  #decidePing(id: RequestId): Step {
    // An answer under this id would be taken for the one to `initialize`.
    const isTaken = "initializeId" in this.#state && this.#state.initializeId === id;
    return isTaken ? DROP : { kind: "acknowledge" };
  }

  #handshake(initialize: RequestMessage): Step | Promise<Step> {
    const { settings, handedOver } = this.#environment;
    this.#state = { phase: "verifying", initializeId: initialize.id };
    const given = handedOver(initialize.id);
    if (given !== undefined) return this.#decideHandshake(initialize, given.verdict, given.session);
    return judge(evidenceIn(initialize), initialize, settings).then((verdict) =>
      this.#decideHandshake(initialize, verdict),
    );
  }

  #decideHandshake(initialize: RequestMessage, verdict: Verdict, session?: number): Step {
    const { settings, judged } = this.#environment;
    judged(verdict);
    if (this.#state.phase !== "verifying") return DROP;
    const decision = decideHandshake(verdict, settings.verifier);
    if (decision.kind === "refuse") return { kind: "end", error: decision.error };
    const { caller } = decision;
    this.#state = { phase: "answering", initializeId: initialize.id, verdict, caller };
    return { kind: "admit", message: withoutEvidence(initialize), caller, begins: { verdict, session } };
  }

  #decideReady(message: Message, caller: Caller): Step | Promise<Step> {
    if (!isRequest(message)) return { kind: "admit", message: withoutEvidence(message), caller };
    if (message.method === "initialize") return { kind: "refuse", error: INITIALIZED_ALREADY };
    const evidence = evidenceIn(message);
    return evidence === undefined
      ? { kind: "admit", message: withoutEvidence(message), caller }
      : this.#renew(message, evidence);
  }

  /** Goes on with the agent of the fresh token that came with `request`, and then with the request. */
  #renew(request: RequestMessage, evidence: Evidence): Step | Promise<Step> {
    if (this.#renewals >= MAX_RENEWALS) return this.#required("too many renewals wait for the verifier");
    this.#renewals += 1;
    return judge(evidence, request, this.#environment.settings).then((verdict) => {
      this.#renewals -= 1;
      return this.#decideRenewal(request, verdict);
    });
  }

  #decideRenewal(request: RequestMessage, verdict: Verdict): Step {
    const { settings, judged, renewed } = this.#environment;
    if (this.#state.phase !== "ready") return DROP;
    const current = this.#state.caller;
    judged(verdict);
    const decision = decideRenewal(current, verdict, settings.verifier);
    if (decision.kind === "refuse") return decision;
    // Of two renewals at once the one that was issued last stays, in whatever order they end.
    const isLater = (decision.caller.context.claims?.iat ?? 0) >= (current.context.claims?.iat ?? 0);
    const caller = isLater ? decision.caller : current;
    this.#state = { phase: "ready", caller };
    if (isLater) renewed(caller);
    return { kind: "admit", message: withoutEvidence(request), caller };
  }

  #required(detail: string): Step {
    const code = AttestationErrorCode.ATTESTATION_REQUIRED;
    const denial = new AttestationError(code, detail);
    return { kind: "refuse", error: refusal(code, this.#environment.settings.verifier), denial };
  }
}
