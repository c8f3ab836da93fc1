import {
  type AttestationObserver,
  type Clock,
  systemClock,
  VerificationPolicy,
  type Verifier,
} from "@attest/core";
import {
  callback,
  clock,
  count,
  flag,
  having,
  MAX_TIMER_SECONDS,
  names,
  type Option,
  type OptionsSpec,
  observer,
  oneOf,
  readOptions,
  seconds,
  stated,
} from "@attest/core/internal";
import type { GateEvent } from "../events.js";
import { type AttestationRules, type RuleTable, ruleTable } from "../guard/rule-table.js";
import { isProvenEach } from "./proof-terms.js";

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
   * Verifies agents. Its policy decides about agents that are not verified, and its clock and skew tell when a session's
   * token has expired.
   */
  readonly verifier: Verifier;
  /** Default: `token`. */
  readonly sessionLifetime?: SessionLifetime | undefined;
  /**
   * The tools, resources and prompts that are for attested agents only, or for some of them, by name: decided before a
   * request reaches the server, beside the guards around its handlers. Default: none.
   */
  readonly rules?: AttestationRules;
  /**
   * Whether `tools/list`, `resources/list`, `resources/templates/list` and `prompts/list` leave out what the caller may
   * not use by `rules`. Guards around handlers are not known there. Default: `false`.
   */
  readonly hideDenied?: boolean | undefined;
  /** How long a verification may take, in seconds; after that it has failed. Default: 60 s. */
  readonly verificationTimeoutSeconds?: number | undefined;
  /** How many messages may wait while `initialize` is verified; more are refused. Default: 64. */
  readonly maxQueuedMessages?: number | undefined;
  /** How long these may be together, in bytes of JSON; more are refused. Default: 1048576 (1 MiB). */
  readonly maxQueuedBytes?: number | undefined;
  /**
   * Called when the policy is `preferred` and a session proceeds unattested. What it throws goes to `onerror`.
   * Default: a process warning, which Node writes to stderr.
   */
  readonly onUnattested?: ((reason: string) => void) | undefined;
  /**
   * Watches sessions, and what is refused and fails: `GateEvent`. Tokens are the verifier's to report, to an observer of
   * its own. Default: nobody does.
   */
  readonly observer?: AttestationObserver<GateEvent> | undefined;
  /** Whether the observer is also told of every call that was let through, once it is over. Default: `false`. */
  readonly recordCalls?: boolean | undefined;
}

/** {@link GateOptions} with their defaults filled in. */
export interface ReadGateOptions
  extends Required<{
    readonly [Name in keyof Omit<GateOptions, "observer" | "rules">]: NonNullable<GateOptions[Name]>;
  }> {
  readonly rules: RuleTable;
  readonly observer: AttestationObserver<GateEvent> | undefined;
}

/** A gate's options, and the verifier's clock and skew. */
export interface GateSettings extends ReadGateOptions {
  readonly clock: Clock;
  readonly clockSkewSeconds: number;
}

/** Readers of {@link GateOptions}. */
export const GATE_OPTIONS: OptionsSpec<ReadGateOptions> = {
  verifier: verifierOption,
  sessionLifetime: oneOf(SessionLifetime, SessionLifetime.TOKEN),
  rules: stated(ruleTable),
  hideDenied: flag(false),
  verificationTimeoutSeconds: seconds(60, { max: MAX_TIMER_SECONDS }),
  maxQueuedMessages: count(64),
  maxQueuedBytes: count(1_048_576),
  onUnattested: callback(warnOfUnattested),
  observer: observer<GateEvent>(),
  recordCalls: flag(false),
};

/** @throws {TypeError | RangeError} naming the option that is wrong or unknown. */
export function readGateOptions(owner: string, options: GateOptions): GateSettings {
  return withVerifiersClock(readOptions(owner, options, GATE_OPTIONS));
}

/** Completes the options of a gate with what its verifier has settled. */
export function withVerifiersClock(options: ReadGateOptions): GateSettings {
  warnOfMissingAudience(options.verifier);
  if (isProvenEach(options.verifier) && options.sessionLifetime === SessionLifetime.CONNECTION) {
    throw new TypeError(
      'sessionLifetime "connection" contradicts requireProof "each-request": each request stands by its own token',
    );
  }
  const { clock: verifiersClock = systemClock, clockSkewSeconds = 30 } = options.verifier;
  return { ...options, clock: verifiersClock, clockSkewSeconds };
}

/** A verifier without a policy that is known would be one that lets everybody in. */
function verifierOption(value: unknown, name: string): Verifier {
  const verifier = VERIFIER(value, name);
  POLICY(verifier.policy, `${name}.policy`);
  NAMES(verifier.trustedIssuers, `${name}.trustedIssuers`);
  NAMES(verifier.requiredClaims, `${name}.requiredClaims`);
  CLOCK(verifier.clock, `${name}.clock`);
  SKEW(verifier.clockSkewSeconds, `${name}.clockSkewSeconds`);
  return verifier;
}

const VERIFIER: Option<Verifier> = having<Verifier>("an AttestationVerifier or another Verifier", "verify");
const POLICY = oneOf(VerificationPolicy);
const NAMES = names();
const CLOCK = clock();
const SKEW = seconds(30);

const warned = new WeakSet<Verifier>();

/** Without an audience a token that an agent presented to any other server passes here too. */
function warnOfMissingAudience(verifier: Verifier): void {
  const isUnstated = verifier.checks?.includes("audience") === true && verifier.audience === undefined;
  if (!isUnstated || warned.has(verifier)) return;
  warned.add(verifier);
  process.emitWarning(
    "the verifier has no audience, so tokens that are meant for other servers pass: set audience, or null for any",
    { code: "ATTEST_NO_AUDIENCE" },
  );
}

function warnOfUnattested(reason: string): void {
  process.emitWarning(`an MCP session proceeds unattested: ${reason}`, { code: "ATTEST_UNATTESTED" });
}
