import { causesOf, notify } from "@attest/core/internal";
import type { GateEvent } from "../events.js";
import type { Verdict } from "../gate/verdict.js";
import type { HostGate, HttpHostSettings } from "./http-host-options.js";

/** Tells an operator what happens before a gate hears of it: events for the observer, failures for `onerror`. */
export class HttpReports {
  readonly #settings: Pick<HttpHostSettings & HostGate, "gate" | "onerror">;

  constructor(settings: Pick<HttpHostSettings & HostGate, "gate" | "onerror">) {
    this.#settings = settings;
  }

  /** A request was refused with this HTTP status; `session` is the number of the session that it named. */
  refused(status: number, reason: string, session: number | null): void {
    this.#record({ type: "http_refused", status, reason, session });
  }

  /** A session ends because its client leaves more than `most` bytes unread. */
  unread(session: number, most: number): void {
    const reason = `the client leaves more than ${most} bytes unread, so its session ends; see limits.unsentBytes`;
    this.refused(503, reason, session);
    this.failed(new Error(`session ${session}: ${reason}`));
  }

  /** Reports that an answer ends because its client leaves more than `most` bytes of it unread. */
  unreadAnswer(most: number): void {
    const reason = `the client leaves more than ${most} bytes of an answer unread, so it ends; see limits.unsentBytes`;
    this.refused(503, reason, null);
    this.failed(new Error(reason));
  }

  /** Reports that the verifier failed: nobody knows whether the agent's token is good. */
  verifierFailed({ failure }: Verdict): void {
    const detail = "the verifier failed";
    this.#record({ type: "gate_error", detail, cause: causesOf(failure) });
    this.failed(new Error(detail, { cause: failure }));
  }

  /** Reports a failure here or in the user's code. */
  failed(error: unknown): void {
    try {
      this.#settings.onerror(error);
    } catch {
      // Nobody is left to be told.
    }
  }

  #record(event: GateEvent): void {
    const { observer } = this.#settings.gate;
    if (observer !== undefined) notify(observer, event);
  }
}
