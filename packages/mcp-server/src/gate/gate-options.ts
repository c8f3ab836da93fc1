import {
  type AttestationObserver,
  type Clock,
  systemClock,
  VerificationPolicy,
  type Verifier,
} from "@attest/core";
import { assertSeconds, kindOf, MAX_TIMER_SECONDS, printable } from "@attest/core/internal";
import type { GateEvent } from "../events.js";
import { type AttestationRules, RuleTable } from "../guard/rule-table.js";

/** How long a verified context lasts within its session. */
export const SessionLifetime = {
  /** Until the token expires: a session lives as long as its agent is vouched for. */
  TOKEN: "token",
  /** As long as the connection: for clients that cannot renew their token. */
  CONNECTION: "connection",
} as const;
export type SessionLifetime = (typeof SessionLifetime)[keyof typeof SessionLifetime];

export interface GateOptions {
  /** Tells who the agent is. Its policy decides what happens when nobody can tell. */
  readonly verifier: Verifier;
  /**
   * How long past a token's `exp` guarded calls still pass, in seconds. Default 30. Apart from the verifier's
   * option of the same name, which is about the moment of the handshake: whoever changes one means both.
   */
  readonly clockSkewSeconds?: number | undefined;
  /** Default `token`. */
  readonly sessionLifetime?: SessionLifetime | undefined;
  /**
   * What is for attested agents only, or for some of them, by name: decided before a request reaches the server,
   * beside the guards around its handlers. Default none.
   */
  readonly rules?: AttestationRules | undefined;
  /**
   * Leave out of `tools/list`, `resources/list`, `resources/templates/list` and `prompts/list` what the caller may not
   * use by `rules` or by a tool's `attestation`. Guards around handlers are not known there. Default false.
   */
  readonly hideDenied?: boolean | undefined;
  /** How long a verification may take, in seconds; after that it has failed. Default 60. */
  readonly verificationTimeoutSeconds?: number | undefined;
  /** How many messages may wait while `initialize` is verified; more are refused. Default 64. */
  readonly maxQueuedMessages?: number | undefined;
  /** How long these may be together, in bytes of JSON; more are refused. Default 1048576 (1 MiB). */
  readonly maxQueuedBytes?: number | undefined;
  /**
   * Called when the policy is `preferred` and a session proceeds unattested. What it throws goes to `onerror`.
   * Default: a process warning, which Node writes to stderr.
   */
  readonly onUnattested?: ((reason: string) => void) | undefined;
  /**
   * Watches what is refused and what fails: `denied`, `unattested` and `gate_error` events. Tokens are the
   * verifier's to report, to an observer of its own. Default none.
   */
  readonly observer?: AttestationObserver<GateEvent> | undefined;
  /** Tells when a session's token has expired; the verifier has a clock of its own. Default: the system's. */
  readonly clock?: Clock | undefined;
}

/** {@link GateOptions} with their defaults filled in. */
export interface GateSettings
  extends Required<{
    readonly [Name in keyof Omit<GateOptions, "observer" | "rules">]: NonNullable<GateOptions[Name]>;
  }> {
  readonly rules: RuleTable;
  readonly observer: AttestationObserver<GateEvent> | undefined;
}

/** @throws {TypeError | RangeError} naming the option that is wrong. */
export function readGateOptions(options: GateOptions): GateSettings {
  const {
    verifier,
    clockSkewSeconds = 30,
    sessionLifetime = SessionLifetime.TOKEN,
    hideDenied = false,
    verificationTimeoutSeconds = 60,
    maxQueuedMessages = 64,
    maxQueuedBytes = 1_048_576,
    onUnattested = warnOfUnattested,
    observer,
    clock = systemClock,
  } = options;
  assertVerifier(verifier);
  assertSeconds("clockSkewSeconds", clockSkewSeconds, { min: 0 });
  assertSeconds("verificationTimeoutSeconds", verificationTimeoutSeconds, { min: 0, max: MAX_TIMER_SECONDS });
  if (!Object.values(SessionLifetime).includes(sessionLifetime)) {
    throw new TypeError(`sessionLifetime must be one of ${Object.values(SessionLifetime).join(", ")}`);
  }
  if (typeof hideDenied !== "boolean") {
    throw new TypeError(`hideDenied must be true or false, got ${kindOf(hideDenied)}`);
  }
  assertCount("maxQueuedMessages", maxQueuedMessages);
  assertCount("maxQueuedBytes", maxQueuedBytes);
  if (typeof onUnattested !== "function") {
    throw new TypeError(`onUnattested must be a function, got ${kindOf(onUnattested)}`);
  }
  assertMethod("observer", observer, "record");
  assertMethod("clock", clock, "now");
  return {
    verifier,
    rules: new RuleTable(options.rules),
    clockSkewSeconds,
    sessionLifetime,
    hideDenied,
    verificationTimeoutSeconds,
    maxQueuedMessages,
    maxQueuedBytes,
    onUnattested,
    observer,
    clock,
  };
}

function assertCount(option: string, value: unknown): void {
  if (!Number.isSafeInteger(value) || (value as number) < 1) {
    throw new RangeError(`${option} must be a positive integer, got ${kindOf(value)}`);
  }
}

/** A verifier without a policy that is known would be one that lets everybody in. */
function assertVerifier(verifier: Verifier): void {
  if (typeof verifier?.verify !== "function") {
    throw new TypeError(
      `verifier must be an AttestationVerifier or another Verifier, got ${kindOf(verifier)}`,
    );
  }
  const policies: readonly unknown[] = Object.values(VerificationPolicy);
  if (!policies.includes(verifier.policy)) {
    throw new TypeError(
      `verifier.policy must be one of ${policies.join(", ")}, got ${printable(String(verifier.policy))}`,
    );
  }
  for (const name of ["trustedIssuers", "requiredClaims"] as const) {
    const names: unknown = verifier[name];
    if (!Array.isArray(names) || !names.every((entry) => typeof entry === "string")) {
      throw new TypeError(`verifier.${name} must be a list of strings, got ${kindOf(names)}`);
    }
  }
}

function assertMethod(option: string, value: unknown, method: string): void {
  if (value === undefined) return;
  if (typeof (value as Readonly<Record<string, unknown>> | null)?.[method] !== "function") {
    throw new TypeError(`${option} must have a method ${method}, got ${kindOf(value)}`);
  }
}

function warnOfUnattested(reason: string): void {
  process.emitWarning(`an MCP session proceeds unattested: ${reason}`, { code: "ATTEST_UNATTESTED" });
}
