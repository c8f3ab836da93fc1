import {
  isRequest,
  type Message,
  type NotificationMessage,
  type RequestId,
  type RequestMessage,
  type RpcError,
  writeRefusalData,
} from "@attest/core/wire";
import type { AttestationContext } from "../context/attestation-context.js";
import { withCall } from "../context/call-of-extra.js";
import type { Caller } from "../context/caller.js";
import { type CurrentCall, runAsCall } from "../context/current-call.js";
import { findDenial } from "../guard/find-denial.js";
import { asksForList, withoutDenied } from "../guard/listings.js";
import type { CompiledRequirement } from "../guard/requirement.js";
import type { GateSettings } from "./gate-options.js";
import type { GateReports } from "./gate-reports.js";
import type { HeldRequests } from "./held-requests.js";
import { KnownTasks } from "./known-tasks.js";
import { OpenCalls, withDenial } from "./open-calls.js";
import { BUSY, INTERNAL_ERROR, requirementsOf } from "./refusals.js";

/** Calls of one session that may wait for a rule: its check may be slow, and a client need not wait for answers. */
const MAX_HELD = 256;

/** The notifications about what may be guarded, and the requests by which a client asks for the same. */
const ASKED_BY: ReadonlyMap<string, string> = new Map([
  ["notifications/resources/updated", "resources/read"],
  ["notifications/tasks/status", "tasks/get"],
]);

/** The gate that admits calls, as far as those need it. */
export interface AdmittedCallsPorts {
  readonly reports: GateReports;
  readonly held: HeldRequests;
  /** Hands a message to the server. */
  readonly toServer: (message: Message, extra: unknown) => void;
  readonly refuse: (id: RequestId, error: RpcError) => void;
  readonly isClosed: () => boolean;
  /** Whose connection it is. */
  readonly caller: () => Caller;
}

/**
 * The messages that passed the gate, on their way through the server and back: each runs as a call by its caller,
 * once the rules for it are met, and what a guard denies is answered with the guard's own error.
 */
export class AdmittedCalls {
  readonly #settings: GateSettings;
  readonly #ports: AdmittedCallsPorts;
  readonly #tasks = new KnownTasks();
  #initialize: CurrentCall | undefined;
  readonly #open: OpenCalls = new OpenCalls((request, caller) => this.#callOf(request, caller));

  constructor(settings: GateSettings, ports: AdmittedCallsPorts) {
    this.#settings = settings;
    this.#ports = ports;
  }

  /** Whether a request with this id is open. */
  has(id: RequestId): boolean {
    return this.#open.has(id);
  }

  /** Returns whose open request `id` is; `undefined` when none is open under it, or it was given up. */
  callerOf(id: RequestId): Caller | undefined {
    return this.#open.callerOf(id);
  }

  /** Hands `initialize` to the server, which no rule covers and whose answer the gate waits for itself. */
  deliverInitialize(initialize: RequestMessage, extra: unknown, caller: Caller): void {
    const call = this.#callOf(initialize, caller);
    this.#initialize = call;
    runAsCall(call, () => this.#ports.toServer(withCall(initialize, call), extra));
  }

  /** The answer to `initialize` goes out. */
  initializeAnswered(): void {
    if (this.#initialize !== undefined) this.#initialize.isOver = true;
  }

  /** Hands `message` to the server as a call by `caller`. */
  deliver(message: Message, extra: unknown, caller: Caller): void {
    const call = this.#callOf(message, caller);
    if (!isRequest(message)) {
      const cancelled = this.#open.cancelledBy(message);
      if (cancelled !== undefined) this.#ports.reports.called(cancelled, undefined);
      runAsCall(call, () => this.#ports.toServer(message, extra));
      return;
    }
    const requirements = this.#settings.rules.requirementsOf(message, this.#tasks.toolOf(message));
    if (requirements.length === 0) this.#run(message, extra, call);
    else if (this.#ports.held.size >= MAX_HELD) this.#ports.refuse(message.id, BUSY);
    else void this.#runByRules(message, extra, call, requirements);
  }

  /**
   * Whether the caller may be sent `message`. Nobody hears of what is guarded without being attested; once the token has
   * expired, the server begins nothing more either.
   */
  mayHear(message: Message): boolean {
    if (!("method" in message)) return true;
    const { context } = this.#ports.caller();
    if (context.verified && !this.#isExpired(context)) return true;
    return isRequest(message) ? !context.verified : !this.#isAboutGuarded(message);
  }

  /**
   * Returns what the server sends as it is to go out: a promise only where a list has to be looked through, and
   * `undefined` for a list that nobody is known to have asked for.
   */
  outgoing(message: Message): Message | Promise<Message> | undefined {
    if ("method" in message) return message;
    const open = this.#open.answeredBy(message);
    if (open === undefined) return this.#settings.hideDenied ? undefined : message;
    const answer = withDenial(message, open);
    this.#tasks.note(open.request, answer);
    // A call that its guard denied is told of by the denial.
    if (answer === message) this.#ports.reports.called(open, answer);
    return this.#settings.hideDenied && asksForList(open.request)
      ? withoutDenied(answer, open.request, open.call, this.#settings.rules)
      : answer;
  }

  /** Whether the server tells of something that a request could not be about without an attested agent. */
  #isAboutGuarded({ method, params }: NotificationMessage): boolean {
    const request = ASKED_BY.get(method);
    if (request === undefined) return false;
    const about: RequestMessage = { jsonrpc: "2.0", id: 0, method: request, params };
    return this.#settings.rules.requirementsOf(about, this.#tasks.toolOf(about)).length > 0;
  }

  #run(request: RequestMessage, extra: unknown, call: CurrentCall): void {
    const { refuse, reports, toServer } = this.#ports;
    if (!this.#open.add({ request, call, startedAt: reports.startOfCall() })) {
      refuse(request.id, BUSY);
      return;
    }
    try {
      runAsCall(call, () => toServer(withCall(request, call), extra));
    } catch (error) {
      this.#open.forget(request.id);
      throw error;
    }
  }

  /** Never rejects: what the server throws is reported. */
  async #runByRules(
    request: RequestMessage,
    extra: unknown,
    call: CurrentCall,
    requirements: readonly CompiledRequirement[],
  ): Promise<void> {
    const { held, refuse, reports } = this.#ports;
    const hold = held.hold(request.id);
    try {
      const denial = await findDenial(call, requirements, () => {
        hold.release();
        if (!hold.isCancelled) this.#run(request, extra, call);
      });
      if (denial === undefined) return;
      hold.release();
      if (hold.isCancelled) return;
      reports.denied(request, denial, call.caller.context);
      refuse(request.id, denial);
    } catch (error) {
      reports.failed("a request could not be handed to the server", error);
      refuse(request.id, INTERNAL_ERROR);
    }
  }

  #callOf(message: Message, caller: Caller): CurrentCall {
    return {
      caller,
      gate: this.#settings,
      isOver: false,
      isGivenUp: false,
      isExpired: () => this.#isExpired(caller.context),
      refusalData: (code) => writeRefusalData(code, requirementsOf(this.#settings.verifier)),
      noteDenial: (denial) => {
        this.#ports.reports.denied(message, denial, caller.context);
        if (isRequest(message)) this.#open.deny(message.id, denial);
      },
    };
  }

  /** The context ends with its session, and with its token. A clock that gives no time lets nobody in. */
  #isExpired(context: AttestationContext): boolean {
    if (!context.verified) return false;
    if (this.#ports.isClosed()) return true;
    const { clock, clockSkewSeconds, sessionLifetime } = this.#settings;
    if (sessionLifetime === "connection") return false;
    try {
      return !(clock.now() < context.expiresAt + clockSkewSeconds);
    } catch (error) {
      this.#ports.reports.failed("the clock failed", error);
      return true;
    }
  }
}
