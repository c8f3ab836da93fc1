import { decode, encode, encodeText } from "#base64url";

const OTHER_THAN_BASE64URL = /[^A-Za-z0-9_-]/;
/** The characters whose low four, or low two, bits are zero: what may stand last where those bits go unused. */
const ENDS_ONE_BYTE = "AQgw";
const ENDS_TWO_BYTES = "AEIMQUYcgkosw048";

/** The unpadded base64url text of `bytes` (RFC 4648 §5, RFC 7515 §2). */
export function encodeBase64url(bytes: Uint8Array): string {
  return encode(bytes);
}

/** The unpadded base64url text of the UTF-8 bytes of `text`. */
export function encodeTextAsBase64url(text: string): string {
  return encodeText(text);
}

/**
 * The bytes of unpadded base64url `text`, or `undefined` when it is not the one canonical encoding of any:
 * another alphabet, padding, white space, a length no bytes encode to, or unused bits that are not zero.
 */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  const last = text.charAt(text.length - 1);
  const left = text.length % 4;
  if (left === 1 || OTHER_THAN_BASE64URL.test(text)) return undefined;
  if (left === 2 && !ENDS_ONE_BYTE.includes(last)) return undefined;
  if (left === 3 && !ENDS_TWO_BYTES.includes(last)) return undefined;
  return decode(text);
}
