import { AttestationError, AttestationErrorCode } from "@attest/core";
import { causesOf, notify, printable } from "@attest/core/internal";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import type { AttestationContext } from "../context/attestation-context.js";
import type { GateEvent } from "../events.js";
import type { GateSettings } from "./gate-options.js";
import type { Verdict } from "./verdict.js";

/**
 * Tells those who run the server what the client is not told: through the observer, the SDK's `onerror` and
 * `onUnattested`. Whatever these throw stays here, so that none of them can let a session in or leave it hanging.
 */
export class GateReports {
  readonly #settings: Pick<GateSettings, "observer" | "onUnattested">;
  readonly #onerror: (error: Error) => void;

  constructor(settings: Pick<GateSettings, "observer" | "onUnattested">, onerror: (error: Error) => void) {
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

  /** A session proceeds without a verified agent. */
  proceedsUnattested({ result }: Verdict): void {
    this.#record({ type: "unattested", code: result?.errorCode ?? null });
    void this.#callOnUnattested(result?.error ?? "the verifier failed");
  }

  /** The fresh token that came with `request` was refused: for itself, or for speaking of another agent. */
  renewalRefused(request: JSONRPCMessage, { result }: Verdict, context: AttestationContext): void {
    const isAnother = result?.verified === true;
    const code = isAnother ? AttestationErrorCode.UNKNOWN_ISSUER : result?.errorCode;
    if (code === undefined) return;
    const detail = isAnother
      ? "the renewal speaks of another agent than the session's"
      : "the renewal failed";
    this.denied(request, new AttestationError(code, detail), context);
  }

  /** `message` was refused to the session's agent. */
  denied(
    message: JSONRPCMessage,
    denial: AttestationError,
    { issuer, subject, claims }: AttestationContext,
  ): void {
    if (!("method" in message)) return;
    const { name, uri } = (message.params ?? {}) as { readonly name?: unknown; readonly uri?: unknown };
    const target = [name, uri].find((value) => typeof value === "string");
    this.#record({
      type: "denied",
      code: denial.code,
      detail: escaped(denial.detail),
      method: printable(message.method),
      target: escaped(target),
      issuer: escaped(issuer),
      subject: escaped(subject),
      jti: escaped(claims?.jti.slice(0, 8)),
      ...(denial.cause === undefined ? {} : { cause: causesOf(denial.cause) }),
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

function escaped(text: string | null | undefined): string | null {
  return typeof text === "string" ? printable(text) : null;
}
