import { type SignatureAlgorithm, SUPPORTED_ALGORITHMS } from "../constants.js";
import { AttestationError, AttestationErrorCode } from "../errors.js";
import { isKeyId, MAX_KEY_ID_LENGTH } from "../keys/key-id.js";

/** The header of an attestation token (RFC 7515 §4.1, RFC 9864). */
export interface TokenHeader {
  readonly alg: SignatureAlgorithm;
  readonly typ: string;
  readonly kid: string;
}

/** Values of the `typ` header of a token, less an `application/` prefix (RFC 7515 §4.1.9). */
export const TokenType = { JWT: "JWT", ATTESTATION: "attestation+jwt" } as const;
export type TokenType = (typeof TokenType)[keyof typeof TokenType];

const ACCEPTED_TYPES: ReadonlySet<string> = new Set(
  Object.values(TokenType).map((type) => type.toLowerCase()),
);

/** A key never comes from the token, and no extension is understood that would change what is verified. */
const FORBIDDEN_MEMBERS = ["crit", "b64", "jwk", "jku", "x5u", "x5c"] as const;

/**
 * The header of an attestation token, checked.
 *
 * @throws {AttestationError} 1008 when it is not one that an attestation token may carry.
 */
export function readTokenHeader(header: Readonly<Record<string, unknown>>): TokenHeader {
  const { alg, typ, kid } = header;
  for (const name of FORBIDDEN_MEMBERS) {
    if (Object.hasOwn(header, name)) throw malformed(`the header has a member "${name}"`);
  }
  if (!isSupportedAlgorithm(alg)) throw malformed(`alg is neither of ${SUPPORTED_ALGORITHMS.join(", ")}`);
  if (typeof typ !== "string" || !ACCEPTED_TYPES.has(typ.toLowerCase().replace(/^application\//, ""))) {
    throw malformed(`typ is neither of ${Object.values(TokenType).join(", ")}`);
  }
  if (!isKeyId(kid)) throw malformed(`kid is not a string of 1 to ${MAX_KEY_ID_LENGTH} characters`);
  return { alg, typ, kid };
}

/** Whether `value` names an algorithm that attestation tokens are signed with. */
export function isSupportedAlgorithm(value: unknown): value is SignatureAlgorithm {
  return SUPPORTED_ALGORITHMS.includes(value as SignatureAlgorithm);
}

function malformed(detail: string): AttestationError {
  return new AttestationError(AttestationErrorCode.MALFORMED_TOKEN, detail);
}
