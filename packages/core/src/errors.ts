import { recogniseByBrand } from "./brand.js";

/** Reasons for refusing an attestation. On the wire the number is the JSON-RPC `error.code`. */
export const AttestationErrorCode = {
  TOKEN_EXPIRED: 1001,
  TOKEN_NOT_YET_VALID: 1002,
  INVALID_SIGNATURE: 1003,
  UNKNOWN_ISSUER: 1004,
  INVALID_AUDIENCE: 1005,
  REPLAY_DETECTED: 1006,
  MISSING_CLAIMS: 1007,
  MALFORMED_TOKEN: 1008,
  ATTESTATION_REQUIRED: 1009,
  KEY_UNAVAILABLE: 1010,
  REPLAY_CACHE_UNAVAILABLE: 1011,
  INVALID_PROOF: 1012,
  INSUFFICIENT_TRUST: 1013,
} as const;
export type AttestationErrorCode = (typeof AttestationErrorCode)[keyof typeof AttestationErrorCode];

/** One fixed sentence per code: all that a peer is ever told. */
const SENTENCES: Readonly<Record<AttestationErrorCode, string>> = {
  1001: "The attestation token has expired.",
  1002: "The attestation token is not yet valid.",
  1003: "The attestation token's signature is invalid.",
  1004: "The attestation token's issuer is not trusted for this agent.",
  1005: "The attestation token is meant for another audience.",
  1006: "The attestation token has been used before.",
  1007: "The attestation token lacks a required claim.",
  1008: "The attestation token is malformed.",
  1009: "An attestation is required.",
  1010: "The issuer's keys are unavailable; try again later.",
  1011: "The replay cache is unavailable; try again later.",
  1012: "The attestation token needs a valid proof of possession.",
  1013: "The attestation is not trusted enough for this server or call.",
};

const BRAND = Symbol.for("@attest/AttestationError");

export interface AttestationErrorOptions {
  /** Name of the check that refused. The verifier fills it in for errors that its checks throw. */
  readonly check?: string | undefined;
  /** Error underneath. Never sent to the peer. */
  readonly cause?: unknown;
  /** The nonce that a proof has to carry, for a refusal that a proof with it would not meet (protocol §6). */
  readonly challenge?: { readonly nonce: string } | undefined;
}

/**
 * Refusal of an attestation. `message` is the fixed sentence of its code and safe to send. `detail` says what exactly was
 * wrong. It is for the server alone (observers, logs), so it is not enumerable.
 */
export class AttestationError extends Error {
  override readonly name: string = "AttestationError";
  readonly code: AttestationErrorCode;
  readonly check: string | undefined;
  declare readonly detail: string | undefined;
  readonly challenge: { readonly nonce: string } | undefined;

  /** @throws {RangeError} when `code` is not one of {@link AttestationErrorCode}. */
  constructor(code: AttestationErrorCode, detail?: string, options: AttestationErrorOptions = {}) {
    if (!Object.hasOwn(SENTENCES, code)) {
      throw new RangeError(`code must be one of AttestationErrorCode, got ${String(code)}`);
    }
    super(SENTENCES[code], options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.check = options.check;
    this.challenge = options.challenge;
    Object.defineProperty(this, "detail", { value: detail });
  }

  static {
    recogniseByBrand(AttestationError, "AttestationError");
  }
}

/** Whether `value` is an {@link AttestationError}, of this copy of the package or any other. */
export function isAttestationError(value: unknown): value is AttestationError {
  if (typeof value !== "object" || value === null) return false;
  const { [BRAND]: brand, code } = value as { readonly [BRAND]?: unknown; readonly code?: unknown };
  return brand === true && Object.hasOwn(SENTENCES, code as number);
}
