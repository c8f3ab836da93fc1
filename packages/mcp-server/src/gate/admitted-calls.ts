import { systemClock } from "@attest/core";
import type { JSONRPCMessage, JSONRPCRequest } from "@modelcontextprotocol/sdk/types.js";
import type { AttestationContext } from "../context/attestation-context.js";
import type { Caller } from "../context/caller.js";
import { type CurrentCall, currentCall, runAsCall } from "../context/current-call.js";
import { findDenial } from "../guard/find-denial.js";
import { asksForList, withoutDenied } from "../guard/listings.js";
import type { CompiledRequirement } from "../guard/requirement.js";
import { DenialLog } from "./denial-log.js";
import type { GateAnswers } from "./gate-answers.js";
import type { GateSettings } from "./gate-options.js";
import type { GateReports } from "./gate-reports.js";
import type { HeldRequest, HeldRequests } from "./held-requests.js";
import { answeredId, isRequest, type MessageExtra } from "./messages.js";
import { withoutMetaAttestation } from "./meta-attestation.js";
import { BUSY, INTERNAL_ERROR, refusalData } from "./refusals.js";

/** Calls of one session that may wait for a rule: its check may be slow, and a client need not wait for answers. */
const MOST_HELD = 256;

/** What the gate does for the calls that it admits. */
export interface AdmittedCallsPorts {
  readonly reports: GateReports;
  readonly answers: GateAnswers;
  readonly held: HeldRequests;
  /** Hands a message to the server. */
  readonly toServer: (message: JSONRPCMessage, extra: MessageExtra) => void;
  readonly isClosed: () => boolean;
}

/**
 * The messages that passed the gate, on their way through the server and back: each runs as a call by its caller,
 * once the rules for it are met, and what a guard denies is answered with the guard's own error.
 */
export class AdmittedCalls {
  readonly #settings: GateSettings;
  readonly #ports: AdmittedCallsPorts;
  readonly #denials = new DenialLog();

  constructor(settings: GateSettings, ports: AdmittedCallsPorts) {
    this.#settings = settings;
    this.#ports = ports;
  }

  /** Hands `received` to the server as a call by `caller`. */
  deliver(received: JSONRPCMessage, extra: MessageExtra, caller: Caller): void {
    const message = withoutMetaAttestation(received);
    const call = this.#callOf(message, caller);
    if (!isRequest(message)) {
      runAsCall(call, () => this.#ports.toServer(message, extra));
      return;
    }
    this.#denials.forget(message.id);
    const requirements = this.#settings.rules.requirementsOf(message);
    const { held } = this.#ports;
    if (requirements.length === 0) runAsCall(call, () => this.#ports.toServer(message, extra));
    else if (held.size >= MOST_HELD) void this.#ports.answers.refuse(message.id, BUSY);
    else {
      void held.holdDuring(message.id, (request) =>
        this.#deliverByRules(message, extra, call, requirements, request),
      );
    }
  }

  /** What the server sends, as it is to go out; a promise only where a list has to be looked through. */
  outgoing(message: JSONRPCMessage): JSONRPCMessage | Promise<JSONRPCMessage> {
    const restored = this.#denials.restore(message);
    if (!this.#settings.hideDenied) return restored;
    // Servers answer in the course of the call, and two calls may have come under one id.
    const call = currentCall();
    const request = call?.listRequest;
    if (call === undefined || request === undefined || answeredId(restored) !== request.id) return restored;
    return withoutDenied(restored, request, call, this.#settings.rules);
  }

  /** Never rejects: `findDenial` does not, and what the server throws is reported. */
  async #deliverByRules(
    request: JSONRPCRequest,
    extra: MessageExtra,
    call: CurrentCall,
    requirements: readonly CompiledRequirement[],
    held: HeldRequest,
  ): Promise<void> {
    const { answers, reports, toServer } = this.#ports;
    try {
      const denial = await findDenial(call, requirements, () => {
        if (!held.isCancelled) runAsCall(call, () => toServer(request, extra));
      });
      if (denial === undefined || held.isCancelled) return;
      reports.denied(request, denial, call.caller.context);
      void answers.refuse(request.id, denial);
    } catch (error) {
      reports.failed("a request could not be handed to the server", error);
      void answers.refuse(request.id, INTERNAL_ERROR);
    }
  }

  #callOf(message: JSONRPCMessage, caller: Caller): CurrentCall {
    return {
      caller,
      listRequest: isRequest(message) && asksForList(message) ? message : undefined,
      isExpired: () => this.#isExpired(caller.context),
      refusalData: refusalData(this.#settings.verifier),
      noteDenial: (denial) => {
        this.#ports.reports.denied(message, denial, caller.context);
        if (isRequest(message)) this.#denials.note(message.id, denial);
      },
    };
  }

  /** The context ends with its session, and with its token. A clock that gives no time lets nobody in. */
  #isExpired(context: AttestationContext): boolean {
    if (!context.verified) return false;
    if (this.#ports.isClosed()) return true;
    const { verifier, sessionLifetime } = this.#settings;
    const { clock = systemClock, clockSkewSeconds = 30 } = verifier;
    if (sessionLifetime === "connection") return false;
    try {
      return !(clock.now() < context.expiresAt + clockSkewSeconds);
    } catch (error) {
      this.#ports.reports.failed("the clock failed", error);
      return true;
    }
  }
}
