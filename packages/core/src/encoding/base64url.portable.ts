import { encodeUtf8 } from "./utf8.js";

const ALPHABET = Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
const VALUES = new Uint8Array(128);
for (const [value, character] of ALPHABET.entries()) VALUES[character.charCodeAt(0)] = value;

/** The unpadded base64url text of `bytes`. */
export function encode(bytes: Uint8Array): string {
  let text = "";
  for (let index = 0; index < bytes.length; index += 3) {
    const group = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    text +=
      characterOf(group >>> 18) + characterOf(group >>> 12) + characterOf(group >>> 6) + characterOf(group);
  }
  // The last group stands for bytes that are not there.
  return text.slice(0, Math.ceil((bytes.length * 4) / 3));
}

/** The unpadded base64url text of the UTF-8 bytes of `text`. */
export function encodeText(text: string): string {
  return encode(encodeUtf8(text));
}

/** The bytes of base64url `text`, which must have been checked. */
export function decode(text: string): Uint8Array<ArrayBuffer> {
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

function characterOf(value: number): string {
  return ALPHABET[value & 63] ?? "";
}

function valueAt(text: string, index: number): number {
  return index < text.length ? (VALUES[text.charCodeAt(index)] ?? 0) : 0;
}
