import { AttestationErrorCode } from "@attest/core";
import type { Presented } from "@attest/core/internal";
import type { JSONRPCRequest } from "@modelcontextprotocol/sdk/types.js";
import type { Caller } from "../context/caller.js";
import type { GateAnswers } from "./gate-answers.js";
import type { GateSettings } from "./gate-options.js";
import type { GateReports } from "./gate-reports.js";
import type { HeldRequest, HeldRequests } from "./held-requests.js";
import type { MessageExtra } from "./messages.js";
import { INTERNAL_ERROR } from "./refusals.js";
import { callerOf, judge, renewalRefusalOf } from "./verdict.js";

/** Renewals that a session may have under way: an honest client has one, or a few that met an expired token. */
const MOST_RENEWALS = 32;

export interface RenewalsPorts {
  readonly reports: GateReports;
  readonly answers: GateAnswers;
  readonly held: HeldRequests;
  /** Whose session it is; `undefined` when it is over. */
  readonly currentCaller: () => Caller | undefined;
  /** Makes `caller` the one whose session it is. */
  readonly goOnAs: (caller: Caller) => void;
  /** Hands the request to the server as a call by `caller`. */
  readonly deliver: (request: JSONRPCRequest, extra: MessageExtra, caller: Caller) => void;
}

/** The fresh tokens that come in the course of a session, by which it outlives its first one. */
export class Renewals {
  readonly #settings: GateSettings;
  readonly #ports: RenewalsPorts;
  #underWay = 0;

  constructor(settings: GateSettings, ports: RenewalsPorts) {
    this.#settings = settings;
    this.#ports = ports;
  }

  /** Goes on with the agent of the fresh token that came with `request`, and then with the request. */
  begin(request: JSONRPCRequest, presented: Presented, extra: MessageExtra): void {
    const { held, answers } = this.#ports;
    if (this.#underWay >= MOST_RENEWALS) {
      const { ATTESTATION_REQUIRED } = AttestationErrorCode;
      answers.deny(request, ATTESTATION_REQUIRED, "too many renewals wait for the verifier");
      return;
    }
    this.#underWay += 1;
    held
      .holdDuring(request.id, (hold) => this.#renew(request, presented, extra, hold))
      .catch((error: unknown) => this.#failed(request, error))
      .finally(() => {
        this.#underWay -= 1;
      });
  }

  async #renew(
    request: JSONRPCRequest,
    presented: Presented,
    extra: MessageExtra,
    held: HeldRequest,
  ): Promise<void> {
    const { reports, answers, currentCaller, goOnAs, deliver } = this.#ports;
    const verdict = await judge(presented, request, this.#settings);
    const current = currentCaller();
    if (current === undefined) return;
    if (verdict.result === undefined) reports.failed("the verifier failed", verdict.failure);
    const refused = renewalRefusalOf(verdict, current, this.#settings);
    if (refused) {
      reports.renewalRefused(request, verdict, current.context);
      if (!held.isCancelled) void answers.refuse(request.id, refused);
      return;
    }
    const renewed = callerOf(verdict);
    // Of two renewals at once the one that was issued last stays, in whatever order they end.
    const isLater = (renewed.context.claims?.iat ?? 0) >= (current.context.claims?.iat ?? 0);
    if (isLater) goOnAs(renewed);
    if (!held.isCancelled) deliver(request, extra, isLater ? renewed : current);
  }

  #failed(request: JSONRPCRequest, error: unknown): void {
    this.#ports.reports.failed("a request with a renewed token could not be handed to the server", error);
    void this.#ports.answers.refuse(request.id, INTERNAL_ERROR);
  }
}
