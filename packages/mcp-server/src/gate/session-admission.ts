import { AttestationError, AttestationErrorCode } from "@attest/core";
import {
  answeredId,
  type Evidence,
  evidenceIn,
  isIdTooLong,
  isRequest,
  isResult,
  type Message,
  type NotificationMessage,
  type RequestId,
  type RequestMessage,
  type ResultMessage,
  withoutEvidence,
  withStatus,
} from "@attest/core/wire";
import { ANONYMOUS, type Caller } from "../context/caller.js";
import { type Admission, DROP, type Passage, type Step } from "./admission.js";
import type { AdmissionEnvironment } from "./admission-environment.js";
import { decideHandshake, decideRenewal } from "./decisions.js";
import { isProvenEach, misfitOf } from "./proof-terms.js";
import { ID_TOO_LONG, INITIALIZED_ALREADY, INTERNAL_ERROR, refusal } from "./refusals.js";
import { judge, statusOf, type Verdict } from "./verdict.js";

/** The handshake as far as it has come. */
type State =
  /** No `initialize` yet. */
  | { readonly phase: "new" }
  /** `initialize` came, and its token is being verified. */
  | { readonly phase: "verifying"; readonly initializeId: RequestId }
  /** A nonce was told, and `initialize` may come once more. */
  | { readonly phase: "challenged"; readonly initializeId: RequestId }
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
/** Requests of a session that may be under verification at once, where each carries evidence. */
const MAX_PROVEN = 256;

/** Notifications that say nothing of who sends them, and do nothing that a stranger may not (protocol §7). */
const UNGATED: ReadonlySet<string> = new Set(["notifications/cancelled", "notifications/initialized"]);

/** Decides about the messages of a session: the handshake first, then everything as the agent that it verified. */
export class SessionAdmission implements Admission {
  readonly #environment: AdmissionEnvironment;
  readonly #isProvenEach: boolean;
  #state: State = { phase: "new" };
  #renewals = 0;
  /** Whether `initialize` came to a stateless server: what it says of proofs holds for every request. */
  #standsAlone = false;

  constructor(environment: AdmissionEnvironment) {
    this.#environment = environment;
    this.#isProvenEach = isProvenEach(environment.settings.verifier);
  }

  get caller(): Caller {
    return "caller" in this.#state ? this.#state.caller : ANONYMOUS;
  }

  /** Whether nothing passes any more. */
  get isClosed(): boolean {
    return this.#state.phase === "closed";
  }

  /** Whether a nonce was told, and `initialize` has not come again. */
  get isChallenged(): boolean {
    return this.#state.phase === "challenged";
  }

  decide(message: Message, extra: unknown): Step | Promise<Step> {
    const state = this.#state;
    if (state.phase === "closed") return DROP;
    if (isRequest(message) && isIdTooLong(message)) {
      // Nobody is verified before the first message, and HTTP has opened a session for an `initialize` by then.
      return { kind: state.phase === "new" ? "end" : "refuse", error: ID_TOO_LONG };
    }
    if (state.phase === "ready") return this.#decideReady(message, state.caller, extra);
    // Answered by the gate: the server's own answer may do more than that with what a ping carries.
    if (isRequest(message) && message.method === "ping") return this.#decidePing(message.id);
    const isInitialize = isRequest(message) && message.method === "initialize";
    if (state.phase === "challenged" && isInitialize && message.id === state.initializeId) {
      return this.#handshake(message, extra, { wasChallenged: true });
    }
    if (state.phase !== "new") return { kind: "wait" };
    if (isInitialize) return this.#handshake(message, extra, { wasChallenged: false });
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
    return withStatus(
      answer as ResultMessage,
      statusOf(state.verdict, this.#environment.settings.verifier, this.#standsAlone),
    );
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

  #handshake(
    initialize: RequestMessage,
    extra: unknown,
    { wasChallenged }: { readonly wasChallenged: boolean },
  ): Step | Promise<Step> {
    const { settings, handedOver, arrivalOf, misconfigured } = this.#environment;
    this.#state = { phase: "verifying", initializeId: initialize.id };
    const given = handedOver(initialize.id);
    const arrival = arrivalOf(extra);
    this.#standsAlone = arrival.isStateless;
    const misfit = misfitOf(settings.verifier, arrival, given !== undefined);
    if (misfit !== undefined) {
      misconfigured(misfit);
      return { kind: "end", error: INTERNAL_ERROR };
    }
    if (given !== undefined)
      return this.#decideHandshake(initialize, given.verdict, { session: given.session });
    return judge(evidenceIn(initialize), initialize, settings, arrival.accessToken).then((verdict) =>
      this.#decideHandshake(initialize, verdict, { mayComeAgain: !arrival.isHttp && !wasChallenged }),
    );
  }

  #decideHandshake(
    initialize: RequestMessage,
    verdict: Verdict,
    {
      session,
      mayComeAgain = false,
    }: { readonly session?: number | undefined; readonly mayComeAgain?: boolean },
  ): Step {
    const { settings, judged } = this.#environment;
    judged(verdict);
    if (this.#state.phase !== "verifying") return DROP;
    const decision = decideHandshake(verdict, settings.verifier, this.#standsAlone);
    if (decision.kind === "refuse") {
      if (!mayComeAgain || !decision.isChallenge) return { kind: "end", error: decision.error };
      this.#state = { phase: "challenged", initializeId: initialize.id };
      return { kind: "challenge", error: decision.error };
    }
    const { caller } = decision;
    this.#state = { phase: "answering", initializeId: initialize.id, verdict, caller };
    return { kind: "admit", message: withoutEvidence(initialize), caller, begins: { verdict, session } };
  }

  #decideReady(message: Message, caller: Caller, extra: unknown): Step | Promise<Step> {
    if (isRequest(message) && message.method === "initialize") {
      return { kind: "refuse", error: INITIALIZED_ALREADY };
    }
    if (this.#isProvenEach) return this.#decideProven(message, caller, extra);
    const evidence = isRequest(message) ? evidenceIn(message) : undefined;
    return evidence === undefined
      ? { kind: "admit", message: withoutEvidence(message), caller }
      : this.#judge(message as RequestMessage, evidence, extra);
  }

  /**
   * Decides about a message where each has to carry evidence. One without it speaks for nobody, whatever session it names:
   * it is served where the session itself has no agent to be taken for.
   */
  #decideProven(message: Message, { context }: Caller, extra: unknown): Step | Promise<Step> {
    // The gate knows which answers the server waits for.
    if (!("method" in message)) return DROP;
    const evidence = evidenceIn(message);
    if (evidence !== undefined) return this.#judge(message, evidence, extra);
    const isUngated = isRequest(message) ? message.method === "ping" : UNGATED.has(message.method);
    if (isUngated || !context.verified) {
      return { kind: "admit", message: withoutEvidence(message), caller: ANONYMOUS };
    }
    return this.#required("the request carries no evidence of its own");
  }

  /** Goes on with the agent of the fresh evidence that came with `message`, and then with the message. */
  #judge(
    message: RequestMessage | NotificationMessage,
    evidence: Evidence,
    extra: unknown,
  ): Step | Promise<Step> {
    const { settings, arrivalOf } = this.#environment;
    if (this.#renewals >= (this.#isProvenEach ? MAX_PROVEN : MAX_RENEWALS)) {
      return this.#required("too many renewals wait for the verifier");
    }
    this.#renewals += 1;
    return judge(evidence, message, settings, arrivalOf(extra).accessToken).then((verdict) => {
      this.#renewals -= 1;
      return this.#decideRenewal(message, verdict);
    });
  }

  #decideRenewal(message: RequestMessage | NotificationMessage, verdict: Verdict): Step {
    const { settings, judged, renewed } = this.#environment;
    if (this.#state.phase !== "ready") return DROP;
    const current = this.#state.caller;
    judged(verdict);
    const decision = decideRenewal(current, verdict, settings.verifier);
    if (decision.kind === "refuse") return decision;
    const { caller } = decision;
    // Of two renewals at once the one that was issued last stays, in whatever order they end.
    const [was, is] = [current.context.claims, caller.context.claims];
    const isSameToken = was !== null && was.jti === is?.jti;
    if (!isSameToken && (is?.iat ?? 0) >= (was?.iat ?? 0)) {
      this.#state = { phase: "ready", caller };
      renewed(caller);
      return { kind: "admit", message: withoutEvidence(message), caller };
    }
    return {
      kind: "admit",
      message: withoutEvidence(message),
      caller: this.#isProvenEach ? caller : current,
    };
  }

  #required(detail: string): Step {
    const code = AttestationErrorCode.ATTESTATION_REQUIRED;
    const denial = new AttestationError(code, detail);
    return { kind: "refuse", error: refusal(code, this.#environment.settings.verifier), denial };
  }
}
