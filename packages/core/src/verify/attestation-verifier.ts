import type { Clock } from "../clock.js";
import { nullable, optional } from "../options/option-kinds.js";
import { type Option, type OptionsSpec, readOptions, stated } from "../options/read-options.js";
import type { VerificationPolicy } from "../policy.js";
import type { KeyResolver, ReplayCache } from "../ports.js";
import { kindOf } from "../printable.js";
import type { ProofDemands } from "../proof/proof-demands.js";
import { InMemoryReplayCache } from "../replay/in-memory-replay-cache.js";
import type { Check } from "./check.js";
import { audience, audienceOption, unstatedAudience } from "./checks/audience.js";
import { requiredClaims, requiredClaimsOption } from "./checks/claims.js";
import { ISSUER_OPTIONS, type IssuerOptions, issuer } from "./checks/issuer.js";
import { LIFETIME_OPTIONS, type LifetimeOptions, lifetime } from "./checks/lifetime.js";
import { PROOF_OPTIONS, type ProofOptions, type ProofSettings, proofOfPossession } from "./checks/proof.js";
import { REPLAY_OPTIONS, type ReplayOptions, replay } from "./checks/replay.js";
import { SIGNATURE_OPTIONS, type SignatureOptions, signature } from "./checks/signature.js";
import { noteReplays } from "./local-replays.js";
import type { Presentation } from "./presentation.js";
import type { VerificationResult } from "./result.js";
import type { IssuerTrust } from "./trusted-issuer.js";
import {
  type ComposedVerifier,
  composeVerifier,
  VERIFIER_OPTIONS,
  type VerifierOptions,
  type VerifierSettings,
} from "./verifier.js";

export interface AttestationVerifierOptions
  extends VerifierOptions,
    IssuerOptions,
    SignatureOptions,
    LifetimeOptions,
    ProofOptions,
    Pick<ReplayOptions, "cacheTimeoutSeconds"> {
  /**
   * Remembers used tokens. Default: a memory of this verifier's own, which is enough when one verifier serves all
   * of the server's sessions; verifiers and processes that share an audience need a cache to share, and with it one
   * `clockSkewSeconds`. `null` switches replay protection off.
   */
  readonly replayCache?: ReplayCache | null | undefined;
  /** Claims that a token needs beyond those that every token carries, by their names on the wire. Default: none. */
  readonly requiredClaims?: readonly string[];
  /** Checks of your own; they run after the claims are checked and before anything is burned. Default: none. */
  readonly checks?: readonly Check[];
}

const checksOption: Option<readonly Check[]> = (value = [], name) => {
  if (Array.isArray(value)) return value;
  throw new TypeError(`${name} must be a list of checks, as defineCheck makes them, got ${kindOf(value)}`);
};

/** {@link AttestationVerifierOptions} with their defaults filled in. */
interface Settings extends VerifierSettings, ProofSettings {
  readonly trustedIssuers: ReadonlyMap<string, IssuerTrust>;
  readonly keyResolver: KeyResolver;
  readonly keyTimeoutSeconds: number;
  readonly maxLifetimeSeconds: number;
  readonly audience: readonly string[] | null;
  readonly requiredClaims: readonly string[];
  readonly checks: readonly Check[];
  readonly replayCache: ReplayCache | null | undefined;
  readonly cacheTimeoutSeconds: number;
}

/** Each option is read by the check that it is for. */
const OPTIONS: OptionsSpec<Settings> = {
  ...VERIFIER_OPTIONS,
  ...ISSUER_OPTIONS,
  ...SIGNATURE_OPTIONS,
  ...LIFETIME_OPTIONS,
  ...PROOF_OPTIONS,
  audience: stated((value = null, name) => audienceOption(value, name)),
  requiredClaims: stated(requiredClaimsOption),
  checks: stated(checksOption),
  replayCache: optional(nullable(REPLAY_OPTIONS.replayCache)),
  cacheTimeoutSeconds: REPLAY_OPTIONS.cacheTimeoutSeconds,
};

/**
 * Returns the checks of an {@link AttestationVerifier}, in their order: the whole of what it does.
 *
 * @throws {TypeError | RangeError} naming the option that is wrong.
 */
export function defaultChecks(options: AttestationVerifierOptions): readonly Check[] {
  const settings = readOptions("AttestationVerifier", options, OPTIONS);
  const { keyResolver, keyTimeoutSeconds, maxLifetimeSeconds, cacheTimeoutSeconds, checks } = settings;
  const { maxRememberedTokens } = options;
  const { replayCache = new InMemoryReplayCache({ clock: settings.clock }) } = settings;
  keyResolver.keep?.([...settings.trustedIssuers.keys()]);
  return [
    issuer({ trustedIssuers: options.trustedIssuers }),
    signature({ keyResolver, keyTimeoutSeconds, maxRememberedTokens }),
    lifetime({ maxLifetimeSeconds }),
    options.audience === undefined ? unstatedAudience() : audience({ audience: options.audience }),
    requiredClaims(options.requiredClaims),
    ...checks,
    proofOfPossession(onlyGiven(options, PROOF_OPTION_NAMES)),
    ...(replayCache === null ? [] : [replay({ replayCache, cacheTimeoutSeconds })]),
  ];
}

const PROOF_OPTION_NAMES = [...Object.keys(PROOF_OPTIONS), "audience"] as readonly (keyof ProofOptions)[];

/** Returns those options that are there: for some of them it is an error to be there and `undefined`. */
function onlyGiven<Name extends keyof AttestationVerifierOptions>(
  options: AttestationVerifierOptions,
  names: readonly Name[],
): Pick<AttestationVerifierOptions, Name> {
  const given = names.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]);
  return Object.fromEntries(given) as Pick<AttestationVerifierOptions, Name>;
}

/** Verifies attestation tokens with {@link defaultChecks}, and is nothing but that list. */
export class AttestationVerifier implements ComposedVerifier {
  readonly policy: VerificationPolicy;
  readonly trustedIssuers: readonly string[];
  readonly requiredClaims: readonly string[];
  readonly audience: readonly string[] | null | undefined;
  readonly clock: Clock;
  readonly clockSkewSeconds: number;
  readonly checks: readonly string[];
  readonly proof: ProofDemands | undefined;
  readonly #verifier: ComposedVerifier;

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: AttestationVerifierOptions) {
    const list = defaultChecks(options);
    this.#verifier = composeVerifier(list, options);
    noteReplays(this, list);
    const { policy, trustedIssuers, requiredClaims, audience, clock, clockSkewSeconds, checks, proof } =
      this.#verifier;
    this.policy = policy;
    this.trustedIssuers = trustedIssuers;
    this.requiredClaims = requiredClaims;
    this.audience = audience;
    this.clock = clock;
    this.clockSkewSeconds = clockSkewSeconds;
    this.checks = checks;
    this.proof = proof;
  }

  /** Verifies a token; a refusal is a result, never an exception. */
  verify(token: string | null | undefined, presentation?: Presentation): Promise<VerificationResult> {
    return this.#verifier.verify(token, presentation);
  }
}
