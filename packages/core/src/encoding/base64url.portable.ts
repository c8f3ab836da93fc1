import { decodeUtf8, encodeUtf8 } from "./utf8.js";

const ALPHABET = Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
const OTHER_THAN_BASE64URL = /[^A-Za-z0-9_-]/;
/** Characters whose low four, or low two, bits are zero: only these may stand last where those bits go unused. */
const ENDS_ONE_BYTE = "AQgw";
const ENDS_TWO_BYTES = "AEIMQUYcgkosw048";
const VALUES = new Uint8Array(128);
for (const [value, character] of ALPHABET.entries()) VALUES[character.charCodeAt(0)] = value;

/** Returns the unpadded base64url text of `bytes`. */
export function encodeBase64url(bytes: Uint8Array): string {
  let text = "";
  for (let index = 0; index < bytes.length; index += 3) {
    const group = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    text +=
      characterOf(group >>> 18) + characterOf(group >>> 12) + characterOf(group >>> 6) + characterOf(group);
  }
  // The last group stands for bytes that are not there.
  return text.slice(0, Math.ceil((bytes.length * 4) / 3));
}

/** Returns the unpadded base64url text of the UTF-8 bytes of `text`. */
export function encodeTextAsBase64url(text: string): string {
  return encodeBase64url(encodeUtf8(text));
}

/** Returns the bytes of base64url `text`, or `undefined` when `text` is not the one canonical encoding of any bytes. */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!isCanonical(text)) return undefined;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  for (let read = 0, write = 0; read < text.length; read += 4) {
    const group =
      (valueAt(text, read) << 18) |
      (valueAt(text, read + 1) << 12) |
      (valueAt(text, read + 2) << 6) |
      valueAt(text, read + 3);
    // Writes beyond the end are dropped.
    bytes[write++] = group >>> 16;
    bytes[write++] = group >>> 8;
    bytes[write++] = group;
  }
  return bytes;
}

/** Returns the text whose UTF-8 bytes base64url `text` encodes, or `undefined` when it is not canonical or not UTF-8. */
export function decodeTextFromBase64url(text: string): string | undefined {
  const bytes = decodeBase64url(text);
  return bytes && decodeUtf8(bytes);
}

/** Returns the bytes of base64url `text` as {@link decodeBase64url} does: to read only. */
export function base64urlView(text: string): Uint8Array | undefined {
  return decodeBase64url(text);
}

/** Returns the bytes of ASCII `text`: to read only. */
export function asciiView(text: string): Uint8Array {
  return encodeUtf8(text);
}

function isCanonical(text: string): boolean {
  const last = text.charAt(text.length - 1);
  const left = text.length % 4;
  if (left === 1 || OTHER_THAN_BASE64URL.test(text)) return false;
  if (left === 2) return ENDS_ONE_BYTE.includes(last);
  return left === 0 || ENDS_TWO_BYTES.includes(last);
}

function characterOf(value: number): string {
  return ALPHABET[value & 63] ?? "";
}

function valueAt(text: string, index: number): number {
  return index < text.length ? (VALUES[text.charCodeAt(index)] ?? 0) : 0;
}
