import { AttestationErrorCode, VerificationPolicy } from "@attest/core";
import type { Transport, TransportSendOptions } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage, JSONRPCRequest, RequestId } from "@modelcontextprotocol/sdk/types.js";
import { ANONYMOUS, type Caller } from "../context/caller.js";
import { AdmittedCalls } from "./admitted-calls.js";
import { GateAnswers } from "./gate-answers.js";
import type { GateSettings } from "./gate-options.js";
import { GateReports } from "./gate-reports.js";
import { takeOver } from "./handed-over.js";
import { presentedAtInitialize, withoutAttestation, withVerdict } from "./handshake.js";
import { HeldRequests } from "./held-requests.js";
import {
  answeredId,
  isIdTooLong,
  isRequest,
  isResultResponse,
  type MessageExtra,
  type RpcError,
} from "./messages.js";
import { presentedInMeta } from "./meta-attestation.js";
import { ID_TOO_LONG, INITIALIZED_ALREADY, INTERNAL_ERROR, statelessRefusal } from "./refusals.js";
import { Renewals } from "./renewals.js";
import { TransportFilter } from "./transport-filter.js";
import { callerOf, judge, mayBeUnattested, refusalOf, type Verdict } from "./verdict.js";
import { WaitingMessages } from "./waiting-messages.js";

const { ATTESTATION_REQUIRED } = AttestationErrorCode;

/** The handshake as far as it has come. */
type State =
  /** No `initialize` yet. */
  | { readonly phase: "new" }
  /** `initialize` came, and its token is being verified. */
  | { readonly phase: "verifying"; readonly initializeId: RequestId }
  /** The verdict stands; the server's answer, which carries it, is not out yet. */
  | { readonly phase: "answering"; readonly initializeId: RequestId; readonly verdict: Verdict }
  | { readonly phase: "ready"; readonly caller: Caller }
  /** Refused, or the connection ended. */
  | { readonly phase: "closed" };

/**
 * Stands between a transport and a server, and lets nothing through but `ping` before the agent behind the
 * connection is verified, or let in without by the policy. Every message it lets through runs as a call by that
 * agent.
 *
 * It works at the transport because nothing above it holds: the SDK's server answers requests before
 * `initialize`, and a handler that refuses `initialize` leaves a live session.
 */
export class AttestationGate extends TransportFilter {
  readonly #inner: Transport;
  readonly #settings: GateSettings;
  readonly #waiting: WaitingMessages;
  readonly #reports: GateReports;
  readonly #answers: GateAnswers;
  readonly #held = new HeldRequests();
  readonly #calls: AdmittedCalls;
  readonly #renewals: Renewals;
  #state: State = { phase: "new" };
  /** A stateless HTTP connection is one request and its answer, without an `initialize`. */
  #isStatelessCall = false;

  constructor(inner: Transport, settings: GateSettings) {
    super(inner);
    this.#inner = inner;
    this.#settings = settings;
    this.#waiting = new WaitingMessages(settings);
    this.#reports = new GateReports(settings, (error) => this.onerror?.(error));
    this.#answers = new GateAnswers(settings, this.#reports, (message) => this.toClient(message));
    const parts = { reports: this.#reports, answers: this.#answers, held: this.#held };
    this.#calls = new AdmittedCalls(settings, {
      ...parts,
      toServer: (message, extra) => this.toServer(message, extra),
      isClosed: () => this.#state.phase === "closed",
    });
    this.#renewals = new Renewals(settings, {
      ...parts,
      currentCaller: () => (this.#state.phase === "ready" ? this.#state.caller : undefined),
      goOnAs: (caller) => {
        this.#state = { phase: "ready", caller };
      },
      deliver: (request, extra, caller) => this.#calls.deliver(request, extra, caller),
    });
  }

  /** Not `async`: in the course of a session, what goes out costs no promise more than it does without a gate. */
  override send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void> {
    const state = this.#state;
    if (!this.#mayHear(message)) {
      // Nobody hears of a server before it is known who listens: neither its notifications nor its requests.
      if (!isRequest(message)) return Promise.resolve();
      return Promise.reject(new Error("the session's agent is not verified"));
    }
    if (state.phase === "answering" && answeredId(message) === state.initializeId) {
      return this.#answerInitialize(message, state.verdict, options);
    }
    const outgoing = this.#calls.outgoing(message);
    return outgoing instanceof Promise
      ? outgoing.then((listed) => this.toClient(listed, options))
      : this.toClient(outgoing, options);
  }

  protected override receive(message: JSONRPCMessage, extra: MessageExtra): void {
    const state = this.#state;
    if (state.phase === "closed") return;
    if (isRequest(message) && isIdTooLong(message)) {
      // Nobody is verified before the first message, and HTTP has opened a session for an `initialize` by then.
      if (state.phase === "new") void this.#end(ID_TOO_LONG, message.id);
      else void this.#answers.refuse(message.id, ID_TOO_LONG);
    } else if (state.phase === "ready") this.#receiveReady(message, extra, state.caller);
    else if (isRequest(message) && message.method === "ping") this.#receivePing(message.id);
    else if (state.phase === "new") this.#receiveFirst(message, extra);
    else if (!this.#waiting.add(message, extra)) {
      this.#answers.deny(
        message,
        ATTESTATION_REQUIRED,
        "too many messages wait for the session's initialize",
      );
    }
  }

  protected override ended(): void {
    this.#state = { phase: "closed" };
    this.#waiting.takeAll();
  }

  /** Answered here: the server's own answer may do more than that with what a ping carries. */
  #receivePing(id: RequestId): void {
    const state = this.#state;
    // An answer under this id would be taken for the one to `initialize`.
    if ("initializeId" in state && state.initializeId === id) return;
    void this.#answers.send({ jsonrpc: "2.0", id, result: {} });
  }

  #receiveFirst(message: JSONRPCMessage, extra: MessageExtra): void {
    const { verifier } = this.#settings;
    // A stateless HTTP server meets every request as its first; what is not required may be absent.
    const isStateless = this.#isStateless(extra);
    if (isStateless && !mayBeUnattested(verifier.policy)) {
      const detail = "a stateless HTTP server keeps no session to be attested: set a sessionIdGenerator";
      this.#answers.deny(message, ATTESTATION_REQUIRED, detail, statelessRefusal(verifier));
    } else if (isRequest(message) && message.method === "initialize") {
      this.#handshake(message, extra).catch((error: unknown) => this.#abandon(message.id, error));
    } else if (isStateless) {
      if (!isRequest(message)) return;
      this.#isStatelessCall = true;
      this.#calls.deliver(message, extra, ANONYMOUS);
    } else {
      this.#answers.deny(message, ATTESTATION_REQUIRED, "the session is not initialized");
    }
  }

  #receiveReady(message: JSONRPCMessage, extra: MessageExtra, caller: Caller): void {
    if (!isRequest(message)) {
      if (!this.#held.cancelledBy(message)) this.#calls.deliver(message, extra, caller);
      return;
    }
    const presented = presentedInMeta(message);
    if (message.method === "initialize") void this.#answers.refuse(message.id, INITIALIZED_ALREADY);
    else if (presented !== undefined) this.#renewals.begin(message, presented, extra);
    else this.#calls.deliver(message, extra, caller);
  }

  async #handshake(initialize: JSONRPCRequest, extra: MessageExtra): Promise<void> {
    this.#state = { phase: "verifying", initializeId: initialize.id };
    const verdict =
      takeOver(this.#inner, initialize.id) ??
      (await judge(presentedAtInitialize(initialize), initialize, this.#settings));
    const { result, failure } = verdict;
    if (result === undefined) this.#reports.failed("the verifier failed", failure);
    if (this.#state.phase !== "verifying") return;
    const refused = refusalOf(verdict, this.#settings);
    if (refused) {
      await this.#end(refused, initialize.id);
      return;
    }
    if (!result?.verified && this.#settings.verifier.policy === VerificationPolicy.PREFERRED) {
      this.#reports.proceedsUnattested(verdict);
    }
    this.#state = { phase: "answering", initializeId: initialize.id, verdict };
    this.#calls.deliver(withoutAttestation(initialize), extra, callerOf(verdict));
  }

  async #answerInitialize(
    answer: JSONRPCMessage,
    verdict: Verdict,
    options: TransportSendOptions | undefined,
  ): Promise<void> {
    const isAccepted = isResultResponse(answer);
    const answered = isAccepted ? withVerdict(answer, this.#settings.verifier, verdict) : answer;
    try {
      await this.toClient(answered as JSONRPCMessage, options);
    } catch (error) {
      await this.#end(INTERNAL_ERROR);
      throw error;
    }
    if (this.#state.phase !== "answering") return;
    // An `initialize` that the server itself refused leaves things as they were: the client may try again.
    this.#state = isAccepted ? { phase: "ready", caller: callerOf(verdict) } : { phase: "new" };
    for (const [message, extra] of this.#waiting.takeAll()) this.#receiveAfterWaiting(message, extra);
  }

  /** One message whose handler throws must not keep those behind it. */
  #receiveAfterWaiting(message: JSONRPCMessage, extra: MessageExtra): void {
    try {
      this.receive(message, extra);
    } catch (error) {
      this.#reports.failed("a message that had waited could not be handed to the server", error);
      if (isRequest(message)) void this.#answers.refuse(message.id, INTERNAL_ERROR);
    }
  }

  /** The handshake itself failed, and nobody is left to answer `initialize`. */
  async #abandon(initializeId: RequestId, error: unknown): Promise<void> {
    this.#reports.failed("initialize could not be handed to the server", error);
    await this.#end(INTERNAL_ERROR, initializeId);
  }

  /** Answers all that is open with `refused` and ends the connection, so that no session is left. Never rejects. */
  async #end(refused: RpcError, initializeId?: RequestId): Promise<void> {
    this.#state = { phase: "closed" };
    const waiting = this.#waiting.takeAll().map(([message]) => message);
    if (initializeId !== undefined) await this.#answers.refuse(initializeId, refused);
    for (const message of waiting) {
      if (isRequest(message)) await this.#answers.refuse(message.id, refused);
    }
    try {
      await this.close();
    } catch (error) {
      this.#reports.failed("the connection of a refused session could not be closed", error);
    }
  }

  /** Whether the client may be sent `message`, or any, yet. */
  #mayHear(message: JSONRPCMessage): boolean {
    const { phase } = this.#state;
    if (phase === "ready" || phase === "answering" || this.#isStatelessCall) return true;
    // Answers to what was let in before the connection ended; the transport knows what to do with them.
    return phase === "closed" && answeredId(message) !== undefined;
  }

  #isStateless(extra: MessageExtra): boolean {
    return extra?.requestInfo !== undefined && this.sessionId === undefined;
  }
}
