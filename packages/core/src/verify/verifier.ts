import { causesOf } from "../causes.js";
import type { Clock } from "../clock.js";
import { sha256Base64url } from "../encoding/sha256.js";
import { AttestationError, AttestationErrorCode, isAttestationError } from "../errors.js";
import type { TokenEvent } from "../events.js";
import { type AttestationObserver, notify } from "../observer.js";
import { clock, count, observer, oneOf, seconds } from "../options/option-kinds.js";
import { assertOptions, type OptionsSpec, readOptions } from "../options/read-options.js";
import { VerificationPolicy } from "../policy.js";
import { kindOf, printable } from "../printable.js";
import { type DecodedProof, parseProof } from "../proof/parse-proof.js";
import type { ProofDemands } from "../proof/proof-demands.js";
import { DEFAULT_MAX_TOKEN_BYTES } from "../token/compact-jws.js";
import { type DecodedToken, parseToken } from "../token/decode-token.js";
import { type Check, type CheckAdvertisement, isOwnCheck, wasMadeFrom } from "./check.js";
import { noteReplays } from "./local-replays.js";
import { CHECK_OPTION_NAMES, refuseMisplacedOptions } from "./misplaced-options.js";
import { type Outcome, reportOutcome, toResult } from "./outcome.js";
import type { Presentation } from "./presentation.js";
import type { VerificationResult } from "./result.js";

/** Verifies that an agent is the one that its token names. */
export interface Verifier {
  readonly policy: VerificationPolicy;
  /** The issuers whose tokens can pass. */
  readonly trustedIssuers: readonly string[];
  /** The claims that a token has to carry, by their names on the wire. */
  readonly requiredClaims: readonly string[];
  /**
   * The names under which tokens may be meant for this server. `null` where any audience passes on purpose, absent where
   * nothing was said of it: then any passes too, and gates warn.
   */
  readonly audience?: readonly string[] | null | undefined;
  /** The clock by which tokens are verified; gates use it too. Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** How far the issuer's clock and this one may lie apart, in seconds; gates use it too. Default: 30 s. */
  readonly clockSkewSeconds?: number | undefined;
  /** The names of the checks that a token passes, in their order. */
  readonly checks?: readonly string[] | undefined;
  /** Demands on proofs of possession, which gates tell clients. Absent where no proof is checked. */
  readonly proof?: ProofDemands | undefined;
  /**
   * Verifies a token. A refusal is a result, never an exception; what rejects is a bug or an outage in a check
   * of the user's own, and means that nothing is known about the agent.
   */
  verify(token: string | null | undefined, presentation?: Presentation): Promise<VerificationResult>;
}

export interface VerifierOptions {
  /** Meaning of a refusal for the connection. Default: `required`. */
  readonly policy?: VerificationPolicy | undefined;
  /** The longest token that is looked at, in bytes. Default: 8192. */
  readonly maxTokenBytes?: number | undefined;
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** How far the issuer's clock and this one may lie apart, in seconds. Default: 30 s. */
  readonly clockSkewSeconds?: number | undefined;
  /** Watches the verifier: `TokenEvent`. Default: nobody does. */
  readonly observer?: AttestationObserver<TokenEvent> | undefined;
}

/** {@link VerifierOptions} with their defaults filled in. */
export interface VerifierSettings {
  readonly policy: VerificationPolicy;
  readonly maxTokenBytes: number;
  readonly clock: Clock;
  readonly clockSkewSeconds: number;
  readonly observer: AttestationObserver<TokenEvent> | undefined;
}

/** Readers of {@link VerifierOptions}. */
export const VERIFIER_OPTIONS: OptionsSpec<VerifierSettings> = {
  policy: oneOf(VerificationPolicy, VerificationPolicy.REQUIRED),
  maxTokenBytes: count(DEFAULT_MAX_TOKEN_BYTES),
  clock: clock(),
  clockSkewSeconds: seconds(30),
  observer: observer<TokenEvent>(),
};

/** A verifier with every member that a {@link Verifier} may have. */
export interface ComposedVerifier extends Verifier {
  readonly clock: Clock;
  readonly clockSkewSeconds: number;
  readonly checks: readonly string[];
  readonly proof: ProofDemands | undefined;
}

/**
 * Returns a verifier that runs `checks` in order and stops at the first that refuses.
 *
 * @param options the verifier's own. Options of checks may stand among them where the checks in the list were made
 *   from them: `composeVerifier(insertBefore(defaultChecks(options), …), options)`.
 * @throws {TypeError | RangeError} when two checks share a name, no check is called `signature`, or an option is wrong.
 */
export function composeVerifier(checks: readonly Check[], options: VerifierOptions = {}): ComposedVerifier {
  assertOptions("composeVerifier", options, [...Object.keys(VERIFIER_OPTIONS), ...CHECK_OPTION_NAMES]);
  assertComplete(checks);
  refuseMisplacedOptions(options, checks);
  const settings = readOptions("composeVerifier", onlyOwn(options), VERIFIER_OPTIONS);
  const { policy, clock, clockSkewSeconds, observer, maxTokenBytes } = settings;
  const ordered = [...checks];
  const isAllOurs = ordered.every(isOwnCheck);
  const checksProofs = ordered.some(({ name }) => name === "proof");

  function conclude(outcome: Outcome, startedAt: number): VerificationResult {
    if (observer) reportOutcome(observer, outcome, (performance.now() - startedAt) / 1000);
    return toResult(outcome, settings);
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
      const isBound = claims.cnf !== undefined;
      if (isBound && !checksProofs) throw bareBoundToken();
      const context = {
        header,
        claims,
        signingInput,
        signature,
        token,
        presentation,
        tokenHash: isBound ? sha256Base64url(token) : undefined,
        proof: isBound ? proofIn(presentation) : undefined,
        now,
        clockSkewSeconds,
      };
      // Freezing takes as long as all of our own checks but the signature's, and those change nothing.
      if (!isAllOurs) Object.freeze(context);
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

  const verifier = Object.freeze({
    policy,
    trustedIssuers: advertised(ordered, "trustedIssuers") ?? [],
    requiredClaims: advertised(ordered, "requiredClaims") ?? [],
    audience:
      advertised(ordered, "audience") ??
      (ordered.some((check) => wasMadeFrom(check, "audience", null)) ? null : undefined),
    clock,
    clockSkewSeconds,
    checks: Object.freeze(ordered.map(({ name }) => name)),
    proof: ordered.find(({ advertises }) => advertises?.proof !== undefined)?.advertises?.proof,
    verify,
  });
  noteReplays(verifier, ordered);
  return verifier;
}

/** The verifier's options without those of checks. */
function onlyOwn(options: object): object {
  const own: Record<string, unknown> = {};
  for (const name of Object.keys(VERIFIER_OPTIONS)) {
    if (name in options) own[name] = (options as Readonly<Record<string, unknown>>)[name];
  }
  return own;
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

function proofIn({ proof }: Presentation): DecodedProof | undefined {
  return proof === undefined || proof === null ? undefined : parseProof(proof);
}

/** Returns what the checks advertise under `what`, without repetitions; `undefined` where no check says anything. */
function advertised(
  checks: readonly Check[],
  what: keyof Omit<CheckAdvertisement, "proof">,
): readonly string[] | undefined {
  const said = checks.flatMap((check) => check.advertises?.[what] ?? []);
  return said.length === 0 ? undefined : Object.freeze([...new Set(said)]);
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
