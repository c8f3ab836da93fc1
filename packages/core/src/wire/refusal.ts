import { AttestationError, AttestationErrorCode } from "../errors.js";
import { asObject, type JsonObject, type RpcError } from "./json-rpc.js";
import { isNonce } from "./nonce.js";
import { type Requirements, readRequirements, writeRequirements } from "./requirements.js";

/** A refusal as a client reads it from a JSON-RPC error. */
export interface Refusal {
  readonly code: AttestationErrorCode;
  readonly requirements: Requirements;
  /** The nonce that a proof has to carry, where the server demands one. */
  readonly nonce?: string | undefined;
}

const NAMES: ReadonlyMap<unknown, string> = new Map(
  Object.entries(AttestationErrorCode).map(([name, code]) => [code, name.toLowerCase()]),
);

/** Codes that a wrong or missing audience may explain: with these a server says which names it verifies. */
const WITH_AUDIENCE: ReadonlySet<AttestationErrorCode> = new Set([
  AttestationErrorCode.INVALID_AUDIENCE,
  AttestationErrorCode.ATTESTATION_REQUIRED,
  AttestationErrorCode.INVALID_PROOF,
]);

/**
 * Returns the JSON-RPC error for `code`: its fixed sentence, and what the server asks for (protocol §2).
 *
 * @param nonce the nonce that a proof has to carry, with which the request may be sent once more
 */
export function writeRefusal(
  code: AttestationErrorCode,
  requirements: Requirements,
  nonce?: string,
): RpcError {
  const data = writeRefusalData(code, requirements);
  return {
    code,
    message: new AttestationError(code).message,
    data: nonce === undefined ? data : { ...data, nonce },
  };
}

/** Returns `error.data` of a refusal. */
export function writeRefusalData(code: AttestationErrorCode, requirements: Requirements): JsonObject {
  const { audience, ...others } = requirements;
  const asked = WITH_AUDIENCE.has(code) ? { ...others, audience } : others;
  return { reason: NAMES.get(code), ...writeRequirements(asked) };
}

/**
 * Reads a refusal from a JSON-RPC error. Returns `undefined` for other errors: only gates and guards say with an
 * attestation code what they ask for.
 */
export function readRefusal(error: unknown): Refusal | undefined {
  const { code, data } = asObject(error) ?? {};
  const requirements = NAMES.has(code) ? readRequirements(data) : undefined;
  if (requirements === undefined) return undefined;
  const nonce = asObject(data)?.["nonce"];
  return {
    code: code as AttestationErrorCode,
    requirements,
    ...(isNonce(nonce) ? { nonce } : {}),
  };
}
