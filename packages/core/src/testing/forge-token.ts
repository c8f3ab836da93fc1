import { encodeBase64url, encodeTextAsBase64url } from "../encoding/base64url.js";
import { bytesOf } from "../encoding/bytes.js";
import { encodeUtf8 } from "../encoding/utf8.js";
import type { KeyPair } from "../keys/key-pair.js";
import { optional } from "../options/option-kinds.js";
import { type Option, type OptionsSpec, readOptions } from "../options/read-options.js";
import { kindOf } from "../printable.js";
import { encodeCompactJws, encodeJsonSegment } from "../token/compact-jws.js";
import { PROVIDER_SPEC } from "../token/provider-options.js";
import { TokenType } from "../token/token-header.js";

/** A segment before it is encoded: an object for its JSON, a string for its text, or its bytes. */
export type TokenSegment = object | string | Uint8Array;

/** Token that {@link forgeToken} signs. Nothing in it is checked. */
export interface ForgedToken {
  /** Default: the header that a provider with this signer writes, `{ alg, typ: "JWT", kid }`. */
  readonly header?: TokenSegment | undefined;
  readonly payload: TokenSegment;
}

const segmentOption: Option<TokenSegment> = (value, name) => {
  if (typeof value === "string" || (typeof value === "object" && value !== null)) return value;
  throw new TypeError(`${name} must be an object, text or bytes, got ${kindOf(value)}`);
};

const SPEC: OptionsSpec<ForgedToken> = { header: optional(segmentOption), payload: segmentOption };

/**
 * Returns a compact JWS of any header and payload (RFC 7515 §3.1), rightly signed: for tests that a server refuses what
 * no provider would sign. For a token that is wrong in one claim alone, change the claims of a right one:
 * `{ ...decodeToken(token).claims.raw, exp: 0 }`.
 *
 * @param signer a `KeyPair`, or a `Signer` that signs at once
 * @throws {TypeError} when `signer` cannot sign at once, or a segment is missing.
 */
export function forgeToken(signer: Pick<KeyPair, "kid" | "alg" | "sign">, token: ForgedToken): string {
  const { kid, alg } = PROVIDER_SPEC.keyPair(signer, "signer");
  const { header = { alg, typ: TokenType.JWT, kid }, payload } = readOptions("forgeToken", token, SPEC);
  const signingInput = `${encodeSegment(header)}.${encodeSegment(payload)}`;
  const signature = bytesOf(signer.sign(encodeUtf8(signingInput)));
  if (signature === undefined) throw new TypeError("signer.sign must return the signature's bytes at once");
  return encodeCompactJws(signingInput, signature);
}

/** Returns a segment in base64url. Members of an object that are `undefined` stay out of its JSON. */
export function encodeSegment(segment: TokenSegment): string {
  if (typeof segment === "string") return encodeTextAsBase64url(segment);
  const bytes = bytesOf(segment);
  return bytes === undefined ? encodeJsonSegment(segment) : encodeBase64url(bytes);
}
