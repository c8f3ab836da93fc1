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

/** A key never comes from the token, and no extension is understood that would change what is verified. */
const FORBIDDEN_MEMBERS = ["crit", "b64", "jwk", "jku", "x5u", "x5c"] as const;

/**
 * The header of an attestation token, checked.
 *
 * @throws {AttestationError} 1008 when it is not one that an attestation token may carry.
 */
export function readTokenHeader(header: Readonly<Record<string, unknown>>): TokenHeader {
  const { alg, typ } = readJwsHeader(header, Object.values(TokenType));
  const { kid } = header;
  if (!isKeyId(kid)) throw malformed(`kid is not a string of 1 to ${MAX_KEY_ID_LENGTH} characters`);
  return { alg, typ, kid };
}

/**
 * The header of a JWS of this protocol, a token's or a proof's, checked but for its key id.
 *
 * @param types the values of `typ` that are accepted, in any case and with or without the prefix `application/`
 * @throws {AttestationError} 1008 when the header breaks a rule.
 */
export function readJwsHeader(
  header: Readonly<Record<string, unknown>>,
  types: readonly string[],
): Pick<TokenHeader, "alg" | "typ"> {
  const { alg, typ } = header;
  for (const name of FORBIDDEN_MEMBERS) {
    if (Object.hasOwn(header, name)) throw malformed(`the header has a member "${name}"`);
  }
  if (!isSupportedAlgorithm(alg)) throw malformed(`alg is neither of ${SUPPORTED_ALGORITHMS.join(", ")}`);
  if (typeof typ !== "string" || !types.some((type) => isType(typ, type))) {
    throw malformed(types.length === 1 ? `typ is not ${types[0]}` : `typ is neither of ${types.join(", ")}`);
  }
  return { alg, typ };
}

/** Whether `typ` names the media type `type` (RFC 7515 §4.1.9). */
function isType(typ: string, type: string): boolean {
  return typ.toLowerCase().replace(/^application\//, "") === type.toLowerCase();
}

/** Whether `value` names an algorithm that attestation tokens are signed with. */
export function isSupportedAlgorithm(value: unknown): value is SignatureAlgorithm {
  return SUPPORTED_ALGORITHMS.includes(value as SignatureAlgorithm);
}

function malformed(detail: string): AttestationError {
  return new AttestationError(AttestationErrorCode.MALFORMED_TOKEN, detail);
}
