import { type AttestationError, VerificationPolicy } from "@attest/core";
import { causesOf, notify, printable } from "@attest/core/internal";
import { asObject, isResult, type Message, type RequestMessage } from "@attest/core/wire";
import type { AttestationContext } from "../context/attestation-context.js";
import type { Caller } from "../context/caller.js";
import type { CallOutcome, GateEvent } from "../events.js";
import { ruledTargetOf } from "../guard/ruled-target.js";
import type { GateSettings } from "./gate-options.js";
import type { OpenCall } from "./open-calls.js";
import type { Verdict } from "./verdict.js";

let lastSession = 0;

/** Returns the number of a new session, counted in this process from 1: events of one session are found by it. */
export function nextSession(): number {
  lastSession += 1;
  return lastSession;
}

/** A session that begins: the verdict on its agent, and its number where it has one already. */
export interface SessionBeginning {
  readonly verdict: Verdict;
  readonly session: number | undefined;
}

/**
 * Tells those who run the server what the client is not told: through the observer, the SDK's `onerror` and
 * `onUnattested`. Whatever these throw stays here, so that none of them can let a session in or leave it hanging.
 */
export class GateReports {
  readonly #settings: Pick<GateSettings, "observer" | "onUnattested" | "recordCalls" | "verifier">;
  readonly #onerror: (error: Error) => void;
  #session:
    | { readonly number: number; readonly client: string | null; readonly openedAt: number }
    | undefined;

  constructor(
    settings: Pick<GateSettings, "observer" | "onUnattested" | "recordCalls" | "verifier">,
    onerror: (error: Error) => void,
  ) {
    this.#settings = settings;
    this.#onerror = onerror;
  }

  /** Something that the gate depends on failed. */
  failed(detail: string, cause: unknown): void {
    this.#record({ type: "gate_error", detail, cause: causesOf(cause) });
    try {
      this.#onerror(new Error(detail, { cause }));
    } catch {
      // Nobody is left to be told.
    }
  }

  /** A session begins. Under `preferred` it is a matter of its own that the agent is not verified. */
  sessionOpens(
    initialize: RequestMessage,
    { context }: Caller,
    { verdict: { result }, session = nextSession() }: SessionBeginning,
  ): void {
    const client = clientIn(initialize);
    this.#session = { number: session, client, openedAt: performance.now() };
    this.#record({
      type: "session_opened",
      session,
      client,
      trustLevel: context.trustLevel,
      ...agentIn(context),
    });
    if (context.verified || this.#settings.verifier.policy !== VerificationPolicy.PREFERRED) return;
    this.#record({ type: "unattested", code: result?.errorCode ?? null, session, client });
    void this.#callOnUnattested(result?.error ?? "the verifier failed");
  }

  /** The session goes on with a fresh token. */
  sessionRenewed({ context }: Caller): void {
    if (this.#session === undefined) return;
    this.#record({ type: "session_renewed", session: this.#session.number, ...agentIn(context) });
  }

  /** The connection is over. */
  sessionEnded(): void {
    if (this.#session === undefined) return;
    const { number, openedAt } = this.#session;
    this.#session = undefined;
    this.#record({ type: "session_ended", session: number, durationSeconds: secondsSince(openedAt) });
  }

  /** `message` was refused to the session's agent. */
  denied(message: Message, denial: AttestationError, context: AttestationContext): void {
    if (!("method" in message)) return;
    this.#record({
      type: "denied",
      code: denial.code,
      detail: escaped(denial.detail),
      ...calledIn(message),
      session: this.#session?.number ?? null,
      ...agentIn(context),
      ...(denial.cause === undefined ? {} : { cause: causesOf(denial.cause) }),
    });
  }

  /** Returns the time from which a call's duration is counted. Nothing is counted where calls are not recorded. */
  startOfCall(): number {
    return this.#settings.recordCalls ? performance.now() : 0;
  }

  /** A call that was let through is over: with `answer`, or given up by its client. */
  called({ request, call, startedAt }: OpenCall, answer: Message | undefined): void {
    if (!this.#settings.recordCalls) return;
    const { outcome, code } = outcomeOf(answer);
    this.#record({
      type: "called",
      ...calledIn(request),
      outcome,
      code,
      session: this.#session?.number ?? null,
      client: this.#session?.client ?? null,
      ...agentIn(call.caller.context),
      durationSeconds: secondsSince(startedAt),
    });
  }

  #record(event: GateEvent): void {
    const { observer } = this.#settings;
    if (observer !== undefined) notify(observer, event);
  }

  /** Never rejects, though the user's callback may. */
  async #callOnUnattested(reason: string): Promise<void> {
    try {
      await this.#settings.onUnattested(reason);
    } catch (cause) {
      this.failed("onUnattested failed", cause);
    }
  }
}

function agentIn({ issuer, subject, claims }: AttestationContext) {
  return {
    issuer: escaped(issuer),
    subject: escaped(subject),
    model: escaped(claims?.agentIdentity?.modelVersion),
    jti: escaped(claims?.jti.slice(0, 8)),
  };
}

function calledIn(message: Extract<Message, { method: string }>) {
  return { method: printable(message.method), target: escaped(ruledTargetOf(message)?.name) };
}

function clientIn({ params }: RequestMessage): string | null {
  const { name } = asObject(params?.["clientInfo"]) ?? {};
  return typeof name === "string" ? printable(name) : null;
}

function outcomeOf(answer: Message | undefined): {
  readonly outcome: CallOutcome;
  readonly code: number | null;
} {
  if (answer === undefined) return { outcome: "cancelled", code: null };
  if ("error" in answer) return { outcome: "error", code: answer.error.code };
  const isToolError = isResult(answer) && answer.result["isError"] === true;
  return { outcome: isToolError ? "tool_error" : "ok", code: null };
}

function secondsSince(startedAt: number): number {
  return (performance.now() - startedAt) / 1000;
}

function escaped(text: string | null | undefined): string | null {
  return typeof text === "string" ? printable(text) : null;
}
