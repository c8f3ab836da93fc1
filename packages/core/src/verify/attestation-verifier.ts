import { assertOptions } from "../options/read-options.js";
import type { KeyResolver, ReplayCache } from "../ports.js";
import { kindOf } from "../printable.js";
import { InMemoryReplayCache } from "../replay/in-memory-replay-cache.js";
import type { Check } from "./check.js";
import { audience } from "./checks/audience.js";
import { requiredClaims } from "./checks/claims.js";
import { issuer } from "./checks/issuer.js";
import { lifetime } from "./checks/lifetime.js";
import { proofOfPossession } from "./checks/proof.js";
import { replay } from "./checks/replay.js";
import { signature } from "./checks/signature.js";
import { OPTION_NAMES } from "./option-names.js";
import type { VerificationPolicy } from "./policy.js";
import type { Presentation } from "./presentation.js";
import type { VerificationResult } from "./result.js";
import type { TrustedIssuer } from "./trusted-issuer.js";
import { composeVerifier, type Verifier, type VerifierOptions } from "./verifier.js";

export interface AttestationVerifierOptions extends VerifierOptions {
  /** Who may vouch for agents, and for which. At least one. */
  readonly trustedIssuers: readonly (string | TrustedIssuer)[];
  /** Where the issuers' public keys come from. */
  readonly keyResolver: KeyResolver;
  /**
   * The name, or names, under which tokens are meant for this server. Without it a token made for any other
   * server passes here too, so set it.
   */
  readonly audience?: string | readonly string[] | undefined;
  /**
   * Remembers used tokens. Default: a memory of this verifier's own, which is enough when one verifier serves all
   * of the server's sessions; verifiers and processes that share an audience need a cache to share, and with it one
   * `clockSkewSeconds`. `null` switches replay protection off.
   */
  readonly replayCache?: ReplayCache | null | undefined;
  /** Claims a token needs beyond those that every token carries, by their names on the wire. Default none. */
  readonly requiredClaims?: readonly string[] | undefined;
  /** How far the issuer's clock and this one may lie apart, in seconds. Default 30. */
  readonly clockSkewSeconds?: number | undefined;
  /** The longest life a token may have, in seconds. Default 900. */
  readonly maxLifetimeSeconds?: number | undefined;
  /** How long the key resolver is waited for, in seconds; after that the token is refused, 1010. Default 30. */
  readonly keyTimeoutSeconds?: number | undefined;
  /** How long the replay cache is waited for, in seconds; after that the token is refused, 1011. Default 10. */
  readonly cacheTimeoutSeconds?: number | undefined;
  /** Checks of your own; they run after the claims are checked and before anything is burned. */
  readonly checks?: readonly Check[] | undefined;
}

/** The checks of an {@link AttestationVerifier}, in their order: the whole of what it does. */
export function defaultChecks(options: AttestationVerifierOptions): readonly Check[] {
  assertOptions("AttestationVerifier", options, OPTION_NAMES);
  if (options.checks !== undefined && !Array.isArray(options.checks)) {
    throw new TypeError(
      `checks must be a list of checks, as defineCheck makes them, got ${kindOf(options.checks)}`,
    );
  }
  const { replayCache = new InMemoryReplayCache({ clock: options.clock }) } = options;
  const checks = [
    issuer(options),
    signature(options),
    lifetime(options),
    audience({ audience: options.audience }),
    requiredClaims(options.requiredClaims),
    ...(options.checks ?? []),
    proofOfPossession(),
    ...(replayCache === null ? [] : [replay({ ...options, replayCache })]),
  ];
  options.keyResolver.keep?.(
    options.trustedIssuers.map((trusted) => (typeof trusted === "string" ? trusted : trusted.issuer)),
  );
  return checks;
}

/** Verifies attestation tokens with {@link defaultChecks}, and is nothing but that list. */
export class AttestationVerifier implements Verifier {
  readonly policy: VerificationPolicy;
  readonly trustedIssuers: readonly string[];
  readonly requiredClaims: readonly string[];
  readonly #verifier: Verifier;

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: AttestationVerifierOptions) {
    this.#verifier = composeVerifier(defaultChecks(options), options);
    this.policy = this.#verifier.policy;
    this.trustedIssuers = this.#verifier.trustedIssuers;
    this.requiredClaims = this.#verifier.requiredClaims;
  }

  /** Verifies a token; a refusal is a result, never an exception. */
  verify(token: string | null | undefined, presentation?: Presentation): Promise<VerificationResult> {
    return this.#verifier.verify(token, presentation);
  }
}
