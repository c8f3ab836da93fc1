import { decode, decodeText, encode, encodeAscii, encodeText } from "#base64url";

/*
 * base64url without padding (RFC 4648 §5, RFC 7515 §2), by the runtime's own codec where it has one. Reading is
 * strict: another alphabet, padding, white space, a length that no bytes encode to, or unused bits that are not zero
 * are refused, so that no two texts stand for the same bytes.
 */

/** The base64url text of `bytes`. */
export function encodeBase64url(bytes: Uint8Array): string {
  return encode(bytes);
}

/** The base64url text of the UTF-8 bytes of `text`. */
export function encodeTextAsBase64url(text: string): string {
  return encodeText(text);
}

/** The bytes of base64url `text`, or `undefined` when it is not the one canonical encoding of any. */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  return decode(text);
}

/** The text whose UTF-8 bytes base64url `text` encodes, or `undefined` when it is not canonical, or they are not UTF-8. */
export function decodeTextFromBase64url(text: string): string | undefined {
  return decodeText(text);
}

/** The bytes of `text`, which is ASCII as base64url and its dots are, to read and not to keep. */
export function asciiBytes(text: string): Uint8Array {
  return encodeAscii(text);
}
