import { AttestationError, AttestationErrorCode } from "@attest/core";
import { membersOf } from "@attest/core/internal";
import {
  answeredId,
  errorResponse,
  isRequest,
  type Message,
  type NotificationMessage,
  type RequestId,
  type RequestMessage,
  type RpcError,
} from "@attest/core/wire";
import { ANONYMOUS, type Caller } from "../context/caller.js";
import type { Admission, Step } from "./admission.js";
import type { AdmissionEnvironment } from "./admission-environment.js";
import { AdmittedCalls } from "./admitted-calls.js";
import type { GateSettings } from "./gate-options.js";
import { GateReports, type SessionBeginning } from "./gate-reports.js";
import { takeOver } from "./handed-over.js";
import { HeldRequests } from "./held-requests.js";
import type { Arrival, ArrivalReader, TransportLike } from "./link.js";
import { isProvenEach } from "./proof-terms.js";
import { ID_IN_USE, INTERNAL_ERROR, refusal } from "./refusals.js";
import { RequestAdmission } from "./request-admission.js";
import { ServerRequests } from "./server-requests.js";
import { SessionAdmission } from "./session-admission.js";
import { TransportFilter } from "./transport-filter.js";
import type { Verdict } from "./verdict.js";
import { WaitingMessages } from "./waiting-messages.js";

/**
 * Stands between a transport and a server, and lets nothing through but `ping` before the agent behind the
 * connection is verified, or let in without by the policy. Every message it lets through runs as a call by that
 * agent.
 *
 * It works at the transport because nothing above it holds: the SDK's server answers requests before
 * `initialize`, and a handler that refuses `initialize` leaves a live session.
 *
 * An {@link Admission} decides about each message; the gate alone delivers, answers and reports.
 */
export class AttestationGate extends TransportFilter {
  readonly #settings: GateSettings;
  readonly #waiting: WaitingMessages;
  readonly #reports: GateReports;
  readonly #held = new HeldRequests();
  readonly #calls: AdmittedCalls;
  readonly #session: SessionAdmission;
  readonly #requests: RequestAdmission;
  readonly #arrivalOf: (extra: unknown) => Arrival;
  /** Present where a session id does not say who calls. */
  readonly #serverRequests: ServerRequests | undefined;
  /** Whose turn it is: a message to a stateless server stands alone. */
  #admission: Admission;
  #isStateless = false;
  #isHttp = false;
  /** Runs while a challenged `initialize` may come again. */
  #repetition: NodeJS.Timeout | undefined;

  constructor(inner: TransportLike, settings: GateSettings, arrivalOf: ArrivalReader) {
    super(inner);
    this.#settings = settings;
    this.#arrivalOf = (extra) => arrivalOf(inner, extra);
    this.#waiting = new WaitingMessages(settings);
    this.#reports = new GateReports(settings, (error) => this.onerror?.(error));
    const environment: AdmissionEnvironment = {
      settings,
      arrivalOf: this.#arrivalOf,
      handedOver: (id) => takeOver(inner, id),
      judged: (verdict) => this.#noteFailure(verdict),
      misconfigured: (detail) =>
        this.#reports.failed("proofs cannot be asked for here", new TypeError(detail)),
      renewed: (caller) => this.#reports.sessionRenewed(caller),
    };
    this.#session = new SessionAdmission(environment);
    this.#requests = new RequestAdmission(environment);
    this.#serverRequests = isProvenEach(settings.verifier) ? new ServerRequests() : undefined;
    this.#admission = this.#session;
    this.#calls = new AdmittedCalls(settings, {
      reports: this.#reports,
      held: this.#held,
      toServer: (message, extra) => this.toServer(message, extra),
      refuse: (id, error) => void this.#refuse(id, error),
      isClosed: () => this.#session.isClosed,
      caller: () => this.#admission.caller,
    });
  }

  /** Not `async`: in the course of a session, what goes out costs no promise more than it does without a gate. */
  override send(message: Message, options?: unknown): Promise<void> {
    const passage = this.#admission.outgoing(message);
    if (passage === "drop") return Promise.resolve();
    if (passage === "reject") return Promise.reject(new Error("the session's agent is not verified"));
    if (passage === "answers-initialize") return this.#answerInitialize(message, options);
    if (!this.#calls.mayHear(message)) {
      return isRequest(message)
        ? Promise.reject(new Error("the session's token has expired"))
        : Promise.resolve();
    }
    if (this.#serverRequests !== undefined && "method" in message) {
      return this.#sendInCourse(message, options, this.#serverRequests);
    }
    const outgoing = this.#calls.outgoing(message);
    if (outgoing === undefined) return Promise.resolve();
    return outgoing instanceof Promise
      ? outgoing.then((listed) => this.toClient(listed, options))
      : this.toClient(outgoing, options);
  }

  protected override receive(message: Message, extra: unknown): void {
    if (this.#held.cancelledBy(message)) return;
    if (this.#session.isNew) {
      const { isHttp, isStateless } = this.#arrivalOf(extra);
      this.#isHttp = isHttp;
      this.#isStateless = isStateless;
    }
    if (this.#serverRequests !== undefined && answeredId(message) !== undefined) {
      this.#receiveAnswer(message, extra, this.#serverRequests);
      return;
    }
    this.#admission = this.#isStateless && !isInitialize(message) ? this.#requests : this.#session;
    const step = this.#admission.decide(message, extra);
    if (step instanceof Promise) void this.#afterVerifying(message, extra, step);
    else this.#take(step, message, extra);
  }

  protected override ended(): void {
    this.#endAdmission();
    this.#waiting.takeAll();
    this.#reports.sessionEnded();
  }

  #endAdmission(): void {
    clearTimeout(this.#repetition);
    this.#session.end();
    this.#requests.end();
  }

  /**
   * Sends what the server begins to a client that proves each of its requests: in the course of one of these, to whoever
   * proved it. There is no other stream of which it is known who reads it, but for a transport with one reader alone.
   */
  #sendInCourse(
    message: RequestMessage | NotificationMessage,
    options: unknown,
    requests: ServerRequests,
  ): Promise<void> {
    const { relatedRequestId } = membersOf(options);
    const caller = this.#calls.callerOf(relatedRequestId as RequestId);
    if (!isRequest(message)) {
      // Whether or not the client hears of it: a request that the server has given up waits for no answer.
      const concealed = requests.concealCancelled(message);
      const mayGo = caller !== undefined || !this.#isHttp;
      return mayGo ? this.toClient(concealed, options) : Promise.resolve();
    }
    const concealed = caller && requests.conceal(message, caller);
    if (concealed !== undefined) return this.toClient(concealed, options);
    const reason =
      caller === undefined
        ? 'under requireProof "each-request" a server asks its client in the course of a request alone: use the handler\'s extra'
        : "too many requests of the server wait for an answer";
    return Promise.reject(new Error(reason));
  }

  #receiveAnswer(message: Message, extra: unknown, requests: ServerRequests): void {
    const revealed = requests.reveal(message);
    if (revealed !== undefined) this.#calls.deliver(revealed.message, extra, revealed.caller);
  }

  /** Answers with a nonce. `initialize` may come once more with it; the connection ends where it does not. */
  #challenge(id: RequestId, error: RpcError): void {
    void this.#refuse(id, error);
    this.#repetition = setTimeout(() => {
      if (this.#session.isChallenged) void this.#end(error);
    }, this.#settings.verificationTimeoutSeconds * 1000);
    this.#repetition.unref();
  }

  #take(step: Step, message: Message, extra: unknown): void {
    if (step.kind === "admit") this.#admit(step, extra);
    else if (step.kind === "wait") this.#wait(message, extra);
    else if (step.kind === "end") void this.#end(step.error, isRequest(message) ? message.id : undefined);
    else if (step.kind === "drop" || !isRequest(message)) return;
    else if (step.kind === "challenge") this.#challenge(message.id, step.error);
    else if (step.kind === "acknowledge") void this.#answer({ jsonrpc: "2.0", id: message.id, result: {} });
    else {
      if (step.denial) this.#reports.denied(message, step.denial, this.#admission.caller.context);
      void this.#refuse(message.id, step.error);
    }
  }

  #admit({ message, caller, begins }: Extract<Step, { kind: "admit" }>, extra: unknown): void {
    if (!isRequest(message)) this.#calls.deliver(message, extra, caller);
    else if (begins !== undefined) this.#beginSession(message, extra, caller, begins);
    else if (this.#held.has(message.id) || this.#calls.has(message.id))
      void this.#refuse(message.id, ID_IN_USE);
    else this.#calls.deliver(message, extra, caller);
  }

  /** Takes the step that `message` waits for, unless its client gives it up meanwhile. Never rejects. */
  async #afterVerifying(message: Message, extra: unknown, pending: Promise<Step>): Promise<void> {
    const hold = isRequest(message) && !isInitialize(message) ? this.#held.hold(message.id) : undefined;
    let step: Step;
    try {
      step = await pending;
    } finally {
      hold?.release();
    }
    if (hold?.isCancelled) return;
    try {
      this.#take(step, message, extra);
    } catch (error) {
      this.#reports.failed("a request with a renewed token could not be handed to the server", error);
      if (isRequest(message)) void this.#refuse(message.id, INTERNAL_ERROR);
    }
  }

  #beginSession(initialize: RequestMessage, extra: unknown, caller: Caller, begins: SessionBeginning): void {
    this.#reports.sessionOpens(initialize, caller, begins);
    try {
      this.#calls.deliverInitialize(initialize, extra, caller);
    } catch (error) {
      this.#reports.failed("initialize could not be handed to the server", error);
      // Nobody is left to answer it.
      void this.#end(INTERNAL_ERROR, initialize.id);
    }
  }

  #wait(message: Message, extra: unknown): void {
    if (this.#waiting.add(message, extra) || !isRequest(message)) return;
    const code = AttestationErrorCode.ATTESTATION_REQUIRED;
    const denial = new AttestationError(code, "too many messages wait for the session's initialize");
    this.#reports.denied(message, denial, ANONYMOUS.context);
    void this.#refuse(message.id, refusal(code, this.#settings.verifier));
  }

  async #answerInitialize(answer: Message, options: unknown): Promise<void> {
    this.#calls.initializeAnswered();
    try {
      await this.toClient(this.#session.withVerdict(answer), options);
    } catch (error) {
      await this.#end(INTERNAL_ERROR);
      throw error;
    }
    this.#session.answered(answer);
    for (const [message, extra] of this.#waiting.takeAll()) this.#receiveAfterWaiting(message, extra);
  }

  /** One message whose handler throws must not keep those behind it. */
  #receiveAfterWaiting(message: Message, extra: unknown): void {
    try {
      this.receive(message, extra);
    } catch (error) {
      this.#reports.failed("a message that had waited could not be handed to the server", error);
      if (isRequest(message)) void this.#refuse(message.id, INTERNAL_ERROR);
    }
  }

  /** Answers all that is open with `refused` and ends the connection, so that no session is left. Never rejects. */
  async #end(refused: RpcError, initializeId?: RequestId): Promise<void> {
    this.#endAdmission();
    const waiting = this.#waiting.takeAll().map(([message]) => message);
    if (initializeId !== undefined) await this.#refuse(initializeId, refused);
    for (const message of waiting) if (isRequest(message)) await this.#refuse(message.id, refused);
    try {
      await this.close();
    } catch (error) {
      this.#reports.failed("the connection of a refused session could not be closed", error);
    }
  }

  #refuse(id: RequestId, error: RpcError): Promise<void> {
    return this.#answer(errorResponse(id, error));
  }

  /** Sends what the gate itself answers; settles when it is out, or could not be delivered. Never rejects. */
  async #answer(answer: Message): Promise<void> {
    try {
      await this.toClient(answer);
    } catch (cause) {
      this.#reports.failed("an answer could not be delivered", cause);
    }
  }

  #noteFailure({ result, failure }: Verdict): void {
    if (result === undefined) this.#reports.failed("the verifier failed", failure);
  }
}

function isInitialize(message: Message): boolean {
  return "method" in message && message.method === "initialize";
}
