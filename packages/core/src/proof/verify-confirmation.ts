import type { Clock } from "../clock.js";
import { sha256Base64url } from "../encoding/sha256.js";
import { AttestationError, AttestationErrorCode } from "../errors.js";
import { type Ed25519PublicJwk, Ed25519PublicKey } from "../keys/ed25519-public-key.js";
import { clock, membersOf, seconds, text } from "../options/option-kinds.js";
import { type Option, type OptionsSpec, readOptions } from "../options/read-options.js";
import { kindOf } from "../printable.js";
import { parseProof } from "./parse-proof.js";
import { proofUrl } from "./proof-url.js";
import { isFresh, proofUse, type SingleUse } from "./proof-use.js";
import { type ProvenRequest, requestHash } from "./request-hash.js";

export interface ConfirmationOptions {
  /** The proof, as the client sent it. */
  readonly proof: string;
  /** The key that the client wants a token for, as it sent it. */
  readonly confirmationKey: Ed25519PublicJwk;
  /** Credential that the client showed to the issuer, such as its platform's token. */
  readonly token: string;
  /** The issuer. */
  readonly audience: string;
  /** The URL of the issuer's endpoint. */
  readonly url: string;
  /** The request for a token, as its method and its parameters. */
  readonly request: ProvenRequest;
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** How far the client's clock and this one may lie apart, in seconds. Default: 30 s. */
  readonly clockSkewSeconds?: number | undefined;
}

/** A key that its owner proved to have. */
export interface Confirmation {
  readonly key: Ed25519PublicKey;
  /** Id to burn in a replay cache, so that the proof serves once. */
  readonly use: SingleUse;
}

interface Settings {
  readonly proof: unknown;
  readonly confirmationKey: unknown;
  readonly token: string;
  readonly audience: string;
  readonly url: string;
  readonly request: ProvenRequest;
  readonly clock: Clock;
  readonly clockSkewSeconds: number;
}

const asItCame: Option<unknown> = (value) => value;

const endpoint: Option<string> = (value, name) => {
  const normal = typeof value === "string" ? proofUrl(value) : undefined;
  if (normal !== undefined) return normal;
  throw new TypeError(`${name} must be an http or https URL, got ${kindOf(value)}`);
};

const request: Option<ProvenRequest> = (value, name) => {
  if (typeof membersOf(value)["method"] === "string") return value as ProvenRequest;
  throw new TypeError(`${name} must be a request: { method, params }, got ${kindOf(value)}`);
};

const OPTIONS: OptionsSpec<Settings> = {
  proof: asItCame,
  confirmationKey: asItCame,
  token: text(),
  audience: text(),
  url: endpoint,
  request,
  clock: clock(),
  clockSkewSeconds: seconds(30),
};

/**
 * Verifies, for an issuer, that whoever asks for a token has the key that the token is to be bound to (protocol §9). Burn
 * what it returns as `use` before a token is issued.
 *
 * @throws {AttestationError} 1012 when the proof is none, or is for another key, token, issuer, endpoint or request, or old.
 * @throws {TypeError | RangeError} naming the option of the issuer's own that is wrong.
 */
export function verifyConfirmation(options: ConfirmationOptions): Confirmation {
  const settings = readOptions("verifyConfirmation", options, OPTIONS);
  const { token, audience, url, request, clock, clockSkewSeconds } = settings;
  const decoded = parseProof(settings.proof);
  const { aud, htu, wth, req } = decoded.claims;
  if (aud !== audience) throw invalid("the proof is meant for another issuer");
  if (proofUrl(htu ?? "") !== url) throw invalid("the proof is for another endpoint");
  if (wth !== sha256Base64url(token)) throw invalid("the proof is for another token");
  if (!isFresh(decoded, clock.now(), clockSkewSeconds))
    throw invalid("the proof is too old, or from the future");
  const key = importKey(settings.confirmationKey);
  if (key.verify(decoded.signingInput, decoded.signature) !== true) {
    throw invalid("the proof is not signed by the confirmation key");
  }
  if (requestHash(request) !== req) throw invalid("the proof is for another request");
  return { key, use: proofUse(decoded, key.toJwk().x, clockSkewSeconds) };
}

function importKey(jwk: unknown): Ed25519PublicKey {
  try {
    if (Object.hasOwn(membersOf(jwk), "d")) throw new TypeError("the key is a private one");
    return Ed25519PublicKey.fromJwk(membersOf(jwk));
  } catch (cause) {
    throw new AttestationError(AttestationErrorCode.INVALID_PROOF, "the confirmation key cannot be trusted", {
      cause,
    });
  }
}

function invalid(detail: string): AttestationError {
  return new AttestationError(AttestationErrorCode.INVALID_PROOF, detail);
}
