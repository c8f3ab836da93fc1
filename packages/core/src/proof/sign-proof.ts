import type { Clock } from "../clock.js";
import { asciiView, encodeBase64url } from "../encoding/base64url.js";
import { bytesOf } from "../encoding/bytes.js";
import { sha256Base64url } from "../encoding/sha256.js";
import type { Signer } from "../ports.js";
import { randomBytes } from "../random.js";
import { encodeCompactJws, encodeJsonSegment } from "../token/compact-jws.js";
import { PROOF_TYPE } from "./parse-proof.js";
import { type ProvenRequest, requestHash } from "./request-hash.js";

/** Everything that a proof says, read and checked. */
export interface ProofSettings {
  readonly key: Signer;
  readonly token: string;
  readonly audience: string;
  readonly request: ProvenRequest;
  /** As `proofUrl` returns it. */
  readonly url: string | undefined;
  readonly nonce: string | undefined;
  readonly accessToken: string | undefined;
  readonly clock: Clock;
}

/** A proof, and what its signature is over. */
export interface SignedProof {
  readonly proof: string;
  readonly signingInput: Uint8Array;
  readonly signature: Uint8Array;
}

/** 128 bits: two proofs with one id would be a replay. */
const ID_BYTES = 16;
const SIGNATURE_BYTES = 64;

/**
 * Signs a proof. Whether the token is bound to the key is for the caller to know: what an issuer exchanges is not.
 *
 * @throws {TypeError} when the key's signature is none.
 * @throws {AttestationError} 1012 when the request has no canonical form.
 */
export async function signProof({
  key,
  token,
  audience,
  request,
  url,
  nonce,
  accessToken,
  clock,
}: ProofSettings): Promise<SignedProof> {
  const header = encodeJsonSegment({ alg: key.alg, typ: PROOF_TYPE });
  const payload = encodeJsonSegment({
    aud: audience,
    iat: Math.floor(clock.now()),
    jti: encodeBase64url(randomBytes(ID_BYTES)),
    wth: sha256Base64url(token),
    req: requestHash(request),
    htu: url,
    nonce,
    ath: accessToken === undefined ? undefined : sha256Base64url(accessToken),
  });
  const signingInput = `${header}.${payload}`;
  const bytes = asciiView(signingInput);
  // A copy: a signer that is not ours may keep what it is given, or write into it.
  const signature = bytesOf(await key.sign(Uint8Array.from(bytes)));
  if (signature?.length !== SIGNATURE_BYTES) {
    throw new TypeError("key.sign must return the 64 bytes of an Ed25519 signature");
  }
  return { proof: encodeCompactJws(signingInput, signature), signingInput: bytes, signature };
}
