import { AttestationError, AttestationErrorCode, VerificationPolicy } from "@attest/core";
import type { Presented } from "@attest/core/internal";
import type { Transport, TransportSendOptions } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage, JSONRPCRequest, RequestId } from "@modelcontextprotocol/sdk/types.js";
import { ANONYMOUS, type Caller } from "../context/caller.js";
import { AdmittedCalls } from "./admitted-calls.js";
import type { GateSettings } from "./gate-options.js";
import { GateReports } from "./gate-reports.js";
import { presentedAtInitialize, withoutAttestation, withVerdict } from "./handshake.js";
import {
  answeredId,
  errorResponse,
  isRequest,
  isResultResponse,
  type MessageExtra,
  type RpcError,
} from "./messages.js";
import { INITIALIZED_ALREADY, INTERNAL_ERROR, refusal } from "./refusals.js";
import { presentedInMeta, withoutMetaAttestation } from "./renewal.js";
import { TransportFilter } from "./transport-filter.js";
import { callerOf, judge, mayBeUnattested, refusalOf, renewalRefusalOf, type Verdict } from "./verdict.js";
import { WaitingMessages } from "./waiting-messages.js";

/** Renewals that a session may have under way: an honest client has one, or a few that met an expired token. */
const MOST_RENEWALS = 32;

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
  readonly #settings: GateSettings;
  readonly #waiting: WaitingMessages;
  readonly #reports: GateReports;
  readonly #calls: AdmittedCalls;
  #state: State = { phase: "new" };
  #renewals = 0;
  /** A stateless HTTP connection is one request and its answer, without an `initialize`. */
  #isStatelessCall = false;

  constructor(inner: Transport, settings: GateSettings) {
    super(inner);
    this.#settings = settings;
    this.#waiting = new WaitingMessages(settings);
    this.#reports = new GateReports(settings, (error) => this.onerror?.(error));
    this.#calls = new AdmittedCalls(settings, {
      reports: this.#reports,
      toServer: (message, extra) => this.toServer(message, extra),
      answer: (answer) => this.#answer(answer),
      isClosed: () => this.#state.phase === "closed",
    });
  }

  override async send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void> {
    const state = this.#state;
    if (!this.#mayHear(message)) {
      // Nobody hears of a server before it is known who listens: neither its notifications nor its requests.
      if (isRequest(message)) throw new Error("the session's agent is not verified");
      return;
    }
    if (state.phase === "answering" && answeredId(message) === state.initializeId) {
      return this.#answerInitialize(message, state.verdict, options);
    }
    return this.toClient(this.#calls.outgoing(message), options);
  }

  protected override receive(message: JSONRPCMessage, extra: MessageExtra): void {
    const state = this.#state;
    if (state.phase === "closed") return;
    if (state.phase === "ready") this.#receiveReady(message, extra, state.caller);
    else if (isRequest(message) && message.method === "ping") this.#receivePing(message.id);
    else if (state.phase === "new") this.#receiveFirst(message, extra);
    else if (!this.#waiting.add(message, extra)) {
      this.#denyEarly(message, "too many messages wait for the session's initialize");
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
    this.#answer({ jsonrpc: "2.0", id, result: {} });
  }

  #receiveFirst(message: JSONRPCMessage, extra: MessageExtra): void {
    if (isRequest(message) && message.method === "initialize") {
      this.#handshake(message, extra).catch((error: unknown) => this.#abandon(message.id, error));
    } else if (this.#isStateless(extra) && mayBeUnattested(this.#settings.verifier.policy)) {
      // A stateless HTTP server meets every request as its first; what is not required may be absent.
      if (!isRequest(message)) return;
      this.#isStatelessCall = true;
      this.#calls.deliver(message, extra, ANONYMOUS);
    } else {
      this.#denyEarly(message, "the session is not initialized");
    }
  }

  #receiveReady(message: JSONRPCMessage, extra: MessageExtra, caller: Caller): void {
    const presented = isRequest(message) ? presentedInMeta(message) : undefined;
    if (isRequest(message) && message.method === "initialize") {
      this.#answer(errorResponse(message.id, INITIALIZED_ALREADY));
    } else if (isRequest(message) && presented !== undefined) {
      if (this.#renewals >= MOST_RENEWALS) {
        this.#denyEarly(message, "too many renewals wait for the verifier");
        return;
      }
      this.#renewals += 1;
      this.#renew(message, presented, extra)
        .catch((error: unknown) => {
          this.#reports.failed("a request with a renewed token could not be handed to the server", error);
          this.#answer(errorResponse(message.id, INTERNAL_ERROR));
        })
        .finally(() => {
          this.#renewals -= 1;
        });
    } else {
      this.#calls.deliver(message, extra, caller);
    }
  }

  /** Goes on with the agent of the fresh token that came with `request`, and then with the request. */
  async #renew(request: JSONRPCRequest, presented: Presented, extra: MessageExtra): Promise<void> {
    const verdict = await judge(presented, request, this.#settings);
    const state = this.#state;
    if (state.phase !== "ready") return;
    if (verdict.result === undefined) this.#reports.failed("the verifier failed", verdict.failure);
    const refused = renewalRefusalOf(verdict, state.caller, this.#settings);
    if (refused) {
      this.#reports.renewalRefused(request, verdict, state.caller.context);
      this.#answer(errorResponse(request.id, refused));
      return;
    }
    const renewed = callerOf(verdict);
    // Of two renewals at once the one that was issued last stays, in whatever order they end.
    const isLater = (renewed.context.claims?.iat ?? 0) >= (state.caller.context.claims?.iat ?? 0);
    if (isLater) this.#state = { phase: "ready", caller: renewed };
    this.#calls.deliver(withoutMetaAttestation(request), extra, isLater ? renewed : state.caller);
  }

  async #handshake(initialize: JSONRPCRequest, extra: MessageExtra): Promise<void> {
    this.#state = { phase: "verifying", initializeId: initialize.id };
    const verdict = await judge(presentedAtInitialize(initialize), initialize, this.#settings);
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
      if (isRequest(message)) this.#answer(errorResponse(message.id, INTERNAL_ERROR));
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
    if (initializeId !== undefined) await this.#deliverAnswer(errorResponse(initializeId, refused));
    for (const message of waiting) {
      if (isRequest(message)) await this.#deliverAnswer(errorResponse(message.id, refused));
    }
    try {
      await this.close();
    } catch (error) {
      this.#reports.failed("the connection of a refused session could not be closed", error);
    }
  }

  #denyEarly(message: JSONRPCMessage, detail: string): void {
    if (!isRequest(message)) return;
    const code = AttestationErrorCode.ATTESTATION_REQUIRED;
    this.#reports.denied(message, new AttestationError(code, detail), ANONYMOUS.context);
    this.#answer(errorResponse(message.id, refusal(code, this.#settings.verifier)));
  }

  /** Sends an answer of the gate's own, without waiting for it. */
  #answer(answer: JSONRPCMessage): void {
    void this.#deliverAnswer(answer);
  }

  /** Never rejects. */
  async #deliverAnswer(answer: JSONRPCMessage): Promise<void> {
    try {
      await this.toClient(answer);
    } catch (cause) {
      this.#reports.failed("an answer could not be delivered", cause);
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
