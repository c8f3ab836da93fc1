import type { Clock } from "../clock.js";
import { Ed25519PublicKey } from "../keys/ed25519-public-key.js";
import { clock, membersOf, optional, text } from "../options/option-kinds.js";
import { type Option, type OptionsSpec, readOptions } from "../options/read-options.js";
import type { Signer } from "../ports.js";
import { kindOf } from "../printable.js";
import { decodeToken } from "../token/decode-token.js";
import { isSupportedAlgorithm } from "../token/token-header.js";
import { isNonce } from "../wire/nonce.js";
import { proofUrl } from "./proof-url.js";
import type { ProvenRequest } from "./request-hash.js";
import { type ProofSettings, type SignedProof, signProof } from "./sign-proof.js";

export interface CreateProofOptions {
  /** The key that the token is bound to: a `KeyPair`, or a `Signer` in front of a KMS or HSM. */
  readonly key: Signer;
  /** The bound token. */
  readonly token: string;
  /** The server that the proof is for: one of the token's audiences. */
  readonly audience: string;
  /** The request that the proof is for. Evidence that stands in it already is passed over. */
  readonly request: ProvenRequest;
  /** The URL that the request is sent to, over HTTP. Query, fragment and user info are left out. */
  readonly url?: string | undefined;
  /** The newest nonce that the server gave out. */
  readonly nonce?: string | undefined;
  /** The OAuth access token that travels with the request: the proof then binds user and agent together. */
  readonly accessToken?: string | undefined;
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
}

const key: Option<Signer> = (value, name) => {
  const { sign, alg } = membersOf(value);
  if (typeof sign === "function" && isSupportedAlgorithm(alg)) return value as Signer;
  throw new TypeError(
    `${name} must be a KeyPair or another Signer: { kid, alg, sign(message) }, got ${kindOf(value)}`,
  );
};

const request: Option<ProvenRequest> = (value, name) => {
  if (typeof membersOf(value)["method"] === "string") return value as ProvenRequest;
  throw new TypeError(`${name} must be a JSON-RPC request: { method, params }, got ${kindOf(value)}`);
};

const url: Option<string> = (value, name) => {
  const normal = typeof value === "string" ? proofUrl(value) : undefined;
  if (normal !== undefined) return normal;
  throw new TypeError(`${name} must be an http or https URL, got ${kindOf(value)}`);
};

const nonce: Option<string> = (value, name) => {
  if (isNonce(value)) return value;
  throw new TypeError(`${name} must be 1 to 128 visible ASCII characters, got ${kindOf(value)}`);
};

const OPTIONS: OptionsSpec<ProofSettings> = {
  key,
  token: text(),
  audience: text(),
  request,
  url: optional(url),
  nonce: optional(nonce),
  accessToken: optional(text()),
  clock: clock(),
};

/**
 * Returns a proof that whoever sends `request` has the key that `token` is bound to (compact JWS, protocol §6). A proof
 * is good for one sending of one request, within a minute.
 *
 * @throws {TypeError} naming the option that is wrong; when the token is not bound to `key`, or is not for `audience`.
 * @throws {AttestationError} 1012 when the request has no canonical form; 1007 or 1008 when the token is none.
 */
export async function createProof(options: CreateProofOptions): Promise<string> {
  const settings = readOptions("createProof", options, OPTIONS);
  const { x, aud } = boundTo(settings.token);
  if (!aud.includes(settings.audience))
    throw new TypeError("audience must be one of the token's own audiences");
  const signed = await signProof(settings);
  if (!isKeyOf(settings.key, x, signed)) {
    throw new TypeError("the token is bound to another key than the one that is to prove it");
  }
  return signed.proof;
}

/** @throws {TypeError} when `token` is bound to no key. */
function boundTo(token: string): { readonly x: string; readonly aud: readonly string[] } {
  const { cnf, aud } = decodeToken(token).claims;
  if (cnf === undefined) {
    throw new TypeError(
      "the token is not bound to a key: ask its issuer for one that is (createToken's confirmationKey)",
    );
  }
  return { x: cnf.jwk.x, aud };
}

/** Whether `key` is the key `x`. A signer that does not show its public key shows it by the signature. */
function isKeyOf(key: Signer, x: string, { signingInput, signature }: SignedProof): boolean {
  const { publicKey } = membersOf(key);
  if (publicKey instanceof Ed25519PublicKey) return publicKey.toJwk().x === x;
  return Ed25519PublicKey.fromJwk({ kty: "OKP", crv: "Ed25519", x }).verify(signingInput, signature);
}
