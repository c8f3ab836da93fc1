import { type AttestationObserver, VerificationPolicy, type Verifier } from "@attest/core";
import {
  areNames,
  callback,
  clock,
  count,
  flag,
  kindOf,
  MAX_TIMER_SECONDS,
  membersOf,
  type OptionsSpec,
  observer,
  oneOf,
  printable,
  seconds,
  stated,
} from "@attest/core/internal";
import type { GateEvent } from "../events.js";
import { type AttestationRules, type RuleTable, ruleTable } from "../guard/rule-table.js";

/** How long a verified context lasts within its session. */
export const SessionLifetime = {
  /** Until the token expires: a session lives as long as its agent is vouched for. */
  TOKEN: "token",
  /** As long as the connection: for clients that cannot renew their token. */
  CONNECTION: "connection",
} as const;
export type SessionLifetime = (typeof SessionLifetime)[keyof typeof SessionLifetime];

export interface GateOptions {
  /**
   * Tells who the agent is. Its policy decides what happens when nobody can tell. The gate goes by its `clock` and
   * `clockSkewSeconds`.
   */
  readonly verifier: Verifier;
  /** Default `token`. */
  readonly sessionLifetime?: SessionLifetime | undefined;
  /**
   * What is for attested agents only, or for some of them, by name: decided before a request reaches the server,
   * beside the guards around its handlers. Default none.
   */
  readonly rules?: AttestationRules;
  /**
   * Leave out of `tools/list`, `resources/list`, `resources/templates/list` and `prompts/list` what the caller may not
   * use by `rules`. Guards around handlers are not known there. Default false.
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
}

/** {@link GateOptions} with their defaults filled in. */
export interface GateSettings
  extends Required<{
    readonly [Name in keyof Omit<GateOptions, "observer" | "rules">]: NonNullable<GateOptions[Name]>;
  }> {
  readonly rules: RuleTable;
  readonly observer: AttestationObserver<GateEvent> | undefined;
}

/** How the gate's options are read. */
export const GATE_OPTIONS: OptionsSpec<GateSettings> = {
  verifier,
  sessionLifetime: oneOf(SessionLifetime, "token"),
  rules: stated(ruleTable),
  hideDenied: flag(false),
  verificationTimeoutSeconds: seconds(60, { max: MAX_TIMER_SECONDS }),
  maxQueuedMessages: count(64),
  maxQueuedBytes: count(1_048_576),
  onUnattested: callback(warnOfUnattested),
  observer: observer<GateEvent>(),
};

/** A verifier without a policy that is known would be one that lets everybody in. */
function verifier(given: unknown): Verifier {
  const members = membersOf(given);
  if (typeof members["verify"] !== "function") {
    throw new TypeError(`verifier must be an AttestationVerifier or another Verifier, got ${kindOf(given)}`);
  }
  const policies: readonly unknown[] = Object.values(VerificationPolicy);
  if (!policies.includes(members["policy"])) {
    throw new TypeError(
      `verifier.policy must be one of ${policies.join(", ")}, got ${printable(String(members["policy"]))}`,
    );
  }
  for (const name of ["trustedIssuers", "requiredClaims"]) {
    if (!areNames(members[name])) {
      throw new TypeError(`verifier.${name} must be a list of strings, got ${kindOf(members[name])}`);
    }
  }
  clock()(members["clock"], "verifier.clock");
  seconds(30)(members["clockSkewSeconds"], "verifier.clockSkewSeconds");
  return given as Verifier;
}

function warnOfUnattested(reason: string): void {
  process.emitWarning(`an MCP session proceeds unattested: ${reason}`, { code: "ATTEST_UNATTESTED" });
}
