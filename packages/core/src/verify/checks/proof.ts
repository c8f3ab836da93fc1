import { sha256Base64url } from "../../encoding/sha256.js";
import { AttestationError, AttestationErrorCode } from "../../errors.js";
import { Ed25519PublicKey } from "../../keys/ed25519-public-key.js";
import { count, flag, having, oneOf, optional } from "../../options/option-kinds.js";
import { type Option, type OptionsSpec, readOptions, stated } from "../../options/read-options.js";
import { kindOf, printable } from "../../printable.js";
import type { NonceSource } from "../../proof/nonce-source.js";
import type { DecodedProof } from "../../proof/parse-proof.js";
import { proofUrl } from "../../proof/proof-url.js";
import { isFresh } from "../../proof/proof-use.js";
import { requestHash } from "../../proof/request-hash.js";
import { ProofPolicy } from "../../proof-policy.js";
import { type Check, defineOwnCheck, type VerificationContext } from "../check.js";
import type { Presentation } from "../presentation.js";
import { RecentlyUsed } from "../recently-used.js";
import { type AudienceOptions, audienceOption } from "./audience.js";

export interface ProofOptions extends Partial<AudienceOptions> {
  /** Demand for proofs of possession. Other than the default it needs an `audience`. Default: `when-bound`. */
  readonly requireProof?: ProofPolicy;
  /**
   * The URLs under which agents reach this server over HTTP. A proof for another URL is refused, so that servers which
   * share an audience cannot relay proofs to one another. Default: the URL in a proof is not looked at.
   */
  readonly endpoints?: readonly string[];
  /** Nonces that every proof has to carry, such as {@link hmacNonces}. Default: proofs need none. */
  readonly challenge?: NonceSource;
  /**
   * Whether a proof has to name the OAuth access token that travels with the request, as it was validated: then user and
   * agent belong together. Needs an `audience`. Default: false.
   */
  readonly bindUser?: boolean;
  /** How many bound tokens are remembered as verified. The least recently used are verified again. Default: 4096. */
  readonly maxRememberedTokens?: number | undefined;
}

export interface ProofSettings {
  readonly requireProof: ProofPolicy;
  readonly endpoints: readonly string[] | undefined;
  readonly challenge: NonceSource | undefined;
  readonly bindUser: boolean;
  readonly maxRememberedTokens: number;
}

const urls: Option<readonly string[]> = (value, name) => {
  const given: readonly unknown[] = Array.isArray(value) ? value : [];
  const normal = given.map((url) => (typeof url === "string" ? proofUrl(url) : undefined));
  const wrong = normal.indexOf(undefined);
  if (wrong === -1 && normal.length > 0) return Object.freeze(normal.filter((url) => url !== undefined));
  const got =
    typeof given[wrong] === "string" ? `"${printable(given[wrong])}"` : kindOf(given[wrong] ?? value);
  throw new TypeError(`${name} must be a list of http or https URLs, got ${got}`);
};

/** Readers of {@link ProofOptions}, but for the audience. */
export const PROOF_OPTIONS: OptionsSpec<ProofSettings> = {
  requireProof: stated(oneOf(ProofPolicy, ProofPolicy.WHEN_BOUND)),
  endpoints: stated(optional(urls)),
  challenge: stated(
    optional(having<NonceSource>("a NonceSource, such as hmacNonces({ key })", "current", "accepts")),
  ),
  bindUser: stated(flag(false)),
  maxRememberedTokens: count(4096),
};

const OPTIONS: OptionsSpec<ProofSettings & { audience: readonly string[] | null }> = {
  ...PROOF_OPTIONS,
  audience: stated((value = null, name) => audienceOption(value, name)),
};

/**
 * Rejects a bound token (RFC 7800) whose bearer does not prove to have its key, for this very request and server, 1012
 * (protocol §6). A token that is not bound passes under `when-bound` alone.
 *
 * @throws {TypeError | RangeError} naming the option that is wrong, or that the options need an `audience`.
 */
export function proofOfPossession(options: ProofOptions = {}): Check {
  const settings = readOptions("proofOfPossession", options, OPTIONS);
  const { requireProof, endpoints, challenge, bindUser, audience } = settings;
  if (audience === null && (requireProof !== ProofPolicy.WHEN_BOUND || bindUser)) {
    throw new TypeError(
      `proofOfPossession: ${bindUser ? "bindUser" : `requireProof "${requireProof}"`} needs an audience, the name that proofs are for`,
    );
  }
  const keys = new RecentlyUsed<Ed25519PublicKey>(settings.maxRememberedTokens);

  function keyOf({ claims: { cnf }, tokenHash = "" }: VerificationContext): Ed25519PublicKey {
    const known = keys.get(tokenHash);
    if (known !== undefined) return known;
    const key = importKey(cnf?.jwk);
    keys.set(tokenHash, key);
    return key;
  }

  function assertMeantForHere({ claims: { aud } }: VerificationContext, proof: DecodedProof): void {
    const { aud: named, htu } = proof.claims;
    if (!aud.includes(named) || (audience !== null && !audience.includes(named))) {
      throw invalid(`the proof is meant for ${printable(named)}`);
    }
    if (endpoints !== undefined && !endpoints.includes(proofUrl(htu ?? "") ?? "")) {
      throw invalid(`the proof is for the URL ${htu === undefined ? "of no server" : printable(htu)}`);
    }
  }

  function assertFresh({ now, clockSkewSeconds }: VerificationContext, proof: DecodedProof): void {
    const { iat, nonce } = proof.claims;
    if (!isFresh(proof, now, clockSkewSeconds)) {
      throw invalid(`the proof was made at ${iat}, and it is ${now}`);
    }
    if (challenge === undefined || (nonce !== undefined && challenge.accepts(nonce) === true)) return;
    throw new AttestationError(
      AttestationErrorCode.INVALID_PROOF,
      nonce === undefined ? "the proof carries no nonce" : "the proof's nonce is not a recent one",
      { challenge: { nonce: challenge.current() } },
    );
  }

  function assertUser({ accessToken }: Presentation, { claims: { ath } }: DecodedProof): void {
    if (!bindUser) return;
    if (accessToken === undefined || accessToken === "")
      throw invalid("no access token was validated beside the proof");
    if (ath !== sha256Base64url(accessToken)) throw invalid("the proof names another access token");
  }

  return defineOwnCheck(
    "proof",
    (context) => {
      const { claims, proof, presentation, tokenHash } = context;
      if (claims.cnf === undefined) {
        if (requireProof === ProofPolicy.WHEN_BOUND) return;
        throw invalid("the token is not bound to a key, and this server asks for one that is");
      }
      if (proof === undefined) throw invalid("the token is bound to a key and comes without a proof");
      if (presentation.request === undefined) throw invalid("no request came with the proof");
      assertMeantForHere(context, proof);
      if (proof.claims.wth !== tokenHash) throw invalid("the proof is for another token");
      assertFresh(context, proof);
      assertUser(presentation, proof);
      if (keyOf(context).verify(proof.signingInput, proof.signature) !== true) {
        throw invalid("the proof is not signed by the key that the token is bound to");
      }
      // Last, since a request may be large: whoever has no key has nothing hashed.
      if (requestHash(presentation.request) !== proof.claims.req)
        throw invalid("the proof is for another request");
    },
    {
      advertises: {
        proof: {
          policy: requireProof,
          endpoints: endpoints ?? null,
          bindUser,
          challenge: challenge ?? null,
        },
      },
      reads: {
        requireProof: options.requireProof,
        endpoints: options.endpoints,
        challenge: options.challenge,
        bindUser: options.bindUser,
        maxRememberedTokens: options.maxRememberedTokens,
      },
    },
  );
}

/** @throws {AttestationError} 1012 when the key is not one to trust: it is looked at as strictly as an issuer's. */
function importKey(jwk: object | undefined): Ed25519PublicKey {
  try {
    return Ed25519PublicKey.fromJwk(jwk ?? {});
  } catch (cause) {
    throw new AttestationError(
      AttestationErrorCode.INVALID_PROOF,
      "the key that the token is bound to cannot be trusted",
      { cause },
    );
  }
}

function invalid(detail: string): AttestationError {
  return new AttestationError(AttestationErrorCode.INVALID_PROOF, detail);
}
