import { causesOf } from "../causes.js";
import { type Clock, systemClock } from "../clock.js";
import { AttestationError, AttestationErrorCode, isAttestationError } from "../errors.js";
import type { TokenEvent } from "../events.js";
import { type AttestationObserver, notify } from "../observer.js";
import { assertOptions } from "../options/read-options.js";
import { kindOf, printable } from "../printable.js";
import { assertSeconds } from "../seconds.js";
import { DEFAULT_MAX_TOKEN_BYTES } from "../token/compact-jws.js";
import { type DecodedToken, parseToken } from "../token/decode-token.js";
import { type Check, type CheckAdvertisement, isOwnCheck } from "./check.js";
import { OPTION_NAMES } from "./option-names.js";
import { type Outcome, reportOutcome, toResult } from "./outcome.js";
import { VerificationPolicy } from "./policy.js";
import type { Presentation } from "./presentation.js";
import type { VerificationResult } from "./result.js";

/** Tells whether an agent is who its token says. */
export interface Verifier {
  readonly policy: VerificationPolicy;
  /** The issuers whose tokens can pass. */
  readonly trustedIssuers: readonly string[];
  /** The claims a token must carry, by their names on the wire. */
  readonly requiredClaims: readonly string[];
  /** The clock that tokens are verified by. What keeps a token's life afterwards goes by it, too. Default: the system's. */
  readonly clock?: Clock;
  /** How far the issuer's clock and this one may lie apart, in seconds. Default: 30 s. */
  readonly clockSkewSeconds?: number;
  /**
   * Verifies a token. A refusal is a result, never an exception; what rejects is a bug or an outage in a check
   * of the user's own, and means that nothing is known about the agent.
   */
  verify(token: string | null | undefined, presentation?: Presentation): Promise<VerificationResult>;
}

export interface VerifierOptions {
  /** What a refusal means for the connection. Default `required`. */
  readonly policy?: VerificationPolicy | undefined;
  /** The longest token that is looked at, in bytes. Default 8192. */
  readonly maxTokenBytes?: number | undefined;
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /**
   * How far the issuer's clock and this one may lie apart, in seconds. A server goes by it as long as a session lasts.
   * Give the same to the checks `lifetime` and `replay` where you compose them yourself. Default 30.
   */
  readonly clockSkewSeconds?: number | undefined;
  readonly observer?: AttestationObserver<TokenEvent> | undefined;
}

/**
 * A verifier that runs `checks` in order and stops at the first that refuses.
 *
 * @throws {TypeError | RangeError} when two checks share a name, none is called `signature`, or an option is wrong.
 */
export function composeVerifier(checks: readonly Check[], options: VerifierOptions = {}): Verifier {
  assertOptions("composeVerifier", options, OPTION_NAMES);
  const {
    policy = VerificationPolicy.REQUIRED,
    clock = systemClock,
    clockSkewSeconds = 30,
    observer,
  } = options;
  const { maxTokenBytes = DEFAULT_MAX_TOKEN_BYTES } = options;
  assertPolicy(policy);
  assertSeconds("clockSkewSeconds", clockSkewSeconds, { min: 0 });
  if (!Number.isSafeInteger(maxTokenBytes) || maxTokenBytes < 1) {
    throw new RangeError(`maxTokenBytes must be a positive integer, got ${kindOf(maxTokenBytes)}`);
  }
  assertObserver(observer);
  assertComplete(checks);
  const ordered = [...checks];
  const isAllOurs = ordered.every(isOwnCheck);
  const checksProofs = ordered.some(({ name }) => name === "proof");

  function conclude(outcome: Outcome, startedAt: number): VerificationResult {
    if (observer) reportOutcome(observer, outcome, (performance.now() - startedAt) / 1000);
    return toResult(outcome, policy);
  }

  async function verify(
    token: string | null | undefined,
    presentation: Presentation = {},
  ): Promise<VerificationResult> {
    const startedAt = observer === undefined ? 0 : performance.now();
    if (token === null || token === undefined || token === "") {
      const failure = new AttestationError(AttestationErrorCode.ATTESTATION_REQUIRED);
      return conclude({ failure, failedCheck: "presented" }, startedAt);
    }
    let decoded: DecodedToken | undefined;
    let current = "decode";
    try {
      if (typeof token !== "string") throw notText(token);
      decoded = parseToken(token, maxTokenBytes);
      const { header, claims, signingInput, signature } = decoded;
      const now = clock.now();
      const context = { header, claims, signingInput, signature, token, presentation, now };
      // Freezing takes as long as all of our own checks but the signature's, and those change nothing.
      if (!isAllOurs) Object.freeze(context);
      if (claims.cnf !== undefined && !checksProofs) throw bareBoundToken();
      for (const check of ordered) {
        current = check.name;
        const returned: unknown = check.run(context);
        // Only what waits is waited for.
        if (returned !== undefined && (await returned) !== undefined) throw returnedSomething(current);
      }
      return conclude({ decoded }, startedAt);
    } catch (error) {
      if (!isAttestationError(error)) {
        if (observer) notify(observer, { type: "check_failed", check: current, cause: causesOf(error) });
        throw error;
      }
      return conclude({ decoded, failure: error, failedCheck: error.check ?? current }, startedAt);
    }
  }

  return Object.freeze({
    policy,
    trustedIssuers: advertised(ordered, "trustedIssuers"),
    requiredClaims: advertised(ordered, "requiredClaims"),
    clock,
    clockSkewSeconds,
    verify,
  });
}

function notText(token: unknown): AttestationError {
  return new AttestationError(
    AttestationErrorCode.MALFORMED_TOKEN,
    `a token is a string, got ${kindOf(token)}`,
  );
}

function returnedSomething(check: string): TypeError {
  return new TypeError(
    `the check "${check}" returned a value; a check refuses by throwing an AttestationError`,
  );
}

/** Without a check for proofs a bound token would be worth as much to a thief as to its owner. */
function bareBoundToken(): AttestationError {
  return new AttestationError(
    AttestationErrorCode.INVALID_PROOF,
    'the token is bound to a key, and no check named "proof" runs',
    {
      check: "proof",
    },
  );
}

function advertised(checks: readonly Check[], what: keyof CheckAdvertisement): readonly string[] {
  return [...new Set(checks.flatMap((check) => check.advertises?.[what] ?? []))];
}

function assertPolicy(policy: unknown): void {
  const policies: readonly unknown[] = Object.values(VerificationPolicy);
  if (!policies.includes(policy))
    throw new TypeError(`policy must be one of ${policies.join(", ")}, got ${printable(String(policy))}`);
}

/** One that is none would never be called, and nobody would notice. */
function assertObserver(observer: unknown): void {
  if (
    observer === undefined ||
    typeof (observer as Partial<AttestationObserver> | null)?.record === "function"
  )
    return;
  throw new TypeError(`observer must be an AttestationObserver: { record(event) }, got ${kindOf(observer)}`);
}

function assertComplete(checks: readonly Check[]): void {
  if (!Array.isArray(checks) || !checks.every((check) => typeof check?.run === "function")) {
    throw new TypeError(`checks must be a list of checks, as defineCheck makes them, got ${kindOf(checks)}`);
  }
  const names = checks.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new TypeError(`two checks are named "${printable(twice)}"`);
  if (!names.includes("signature")) {
    throw new TypeError('the list has no check named "signature": without one anybody could write the token');
  }
}
