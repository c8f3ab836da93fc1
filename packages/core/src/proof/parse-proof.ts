import type { SignatureAlgorithm } from "../constants.js";
import { AttestationError, AttestationErrorCode, isAttestationError } from "../errors.js";
import { kindOf } from "../printable.js";
import { type CompactJws, parseJsonSegment, splitCompactJws } from "../token/compact-jws.js";
import { KnownHeaders } from "../token/known-headers.js";
import { readJwsHeader } from "../token/token-header.js";
import { isNonce } from "../wire/nonce.js";

/** The `typ` header of a proof, less an `application/` prefix. */
export const PROOF_TYPE = "attestation-pop+jwt";

/** The longest proof that is looked at, in bytes. */
const MAX_PROOF_BYTES = 2048;

/** Claims of a proof of possession (protocol §6). Times are seconds since the Unix epoch. */
export interface ProofClaims {
  /** The one server that the proof is for. */
  readonly aud: string;
  /** Made at. */
  readonly iat: number;
  /** The proof's id. */
  readonly jti: string;
  /** Hash of the token: base64url SHA-256. */
  readonly wth: string;
  /** Hash of the request: base64url SHA-256 over its canonical form. */
  readonly req: string;
  /** The URL that the request is sent to, over HTTP. */
  readonly htu: string | undefined;
  /** The server's nonce. */
  readonly nonce: string | undefined;
  /** Hash of the OAuth access token that travels with the request: base64url SHA-256 (RFC 9449 §4.2). */
  readonly ath: string | undefined;
}

/** A proof taken apart and checked for its shape. Nothing in it is verified. */
export interface DecodedProof extends Pick<CompactJws, "signature" | "signingInput"> {
  readonly alg: SignatureAlgorithm;
  readonly claims: ProofClaims;
}

const HASH = /^[A-Za-z0-9_-]{43}$/;
const PROOF_ID = /^[!-~]{16,128}$/;

const headers = new KnownHeaders((header) => readJwsHeader(header, [PROOF_TYPE]));

/**
 * Takes a proof apart.
 *
 * @throws {AttestationError} 1012 when it is not a well-formed proof.
 */
export function parseProof(proof: unknown): DecodedProof {
  if (typeof proof !== "string") throw malformed(`it has to be text, got ${kindOf(proof)}`);
  if (proof.length > MAX_PROOF_BYTES) {
    throw malformed(`it is ${proof.length} bytes long; at most ${MAX_PROOF_BYTES} are read`);
  }
  try {
    const { header, payload, signature, signingInput } = splitCompactJws(proof, MAX_PROOF_BYTES);
    const { alg } = headers.of(header);
    return { alg, claims: readProofClaims(parseJsonSegment(payload, "payload")), signature, signingInput };
  } catch (error) {
    // What is wrong with a JWS is told alike for tokens and proofs, and the code says which of them it was.
    if (isAttestationError(error) && error.code === AttestationErrorCode.MALFORMED_TOKEN) {
      throw malformed(error.detail ?? "");
    }
    throw error;
  }
}

function readProofClaims(payload: Readonly<Record<string, unknown>>): ProofClaims {
  const { aud, iat, jti, wth, req, htu, nonce, ath } = payload;
  must(typeof aud === "string", "aud", "is not a string");
  must(typeof iat === "number" && Number.isFinite(iat), "iat", "is not a finite number");
  must(isText(jti, PROOF_ID), "jti", "is not 16 to 128 visible ASCII characters");
  must(isText(wth, HASH), "wth", "is not a base64url SHA-256");
  must(isText(req, HASH), "req", "is not a base64url SHA-256");
  must(htu === undefined || typeof htu === "string", "htu", "is not a string");
  must(nonce === undefined || isNonce(nonce), "nonce", "is not 1 to 128 visible ASCII characters");
  must(ath === undefined || isText(ath, HASH), "ath", "is not a base64url SHA-256");
  return { aud, iat, jti, wth, req, htu, nonce, ath };
}

function isText(value: unknown, pattern: RegExp): value is string {
  return typeof value === "string" && pattern.test(value);
}

function must(holds: boolean, claim: string, rule: string): asserts holds {
  if (!holds) throw malformed(`${claim} ${rule}`);
}

function malformed(detail: string): AttestationError {
  return new AttestationError(AttestationErrorCode.INVALID_PROOF, `the proof is malformed: ${detail}`, {
    check: "proof",
  });
}
