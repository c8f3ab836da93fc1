import { isUtf8 } from "node:buffer";

/** The unpadded base64url text of `bytes`, by Node's own encoder. */
export function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64url");
}

/** The unpadded base64url text of the UTF-8 bytes of `text`, without these bytes in between. */
export function encodeText(text: string): string {
  return Buffer.from(text, "utf8").toString("base64url");
}

/** The bytes of base64url `text`, or `undefined` when it is not the one canonical encoding of any. */
export function decode(text: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = decodeCanonical(text);
  // A copy, because a Buffer is a window on memory that others use too, and its `slice` is no copy.
  return bytes && new Uint8Array(bytes);
}

/** The text whose UTF-8 bytes base64url `text` encodes, or `undefined` when it is not canonical, or they are not UTF-8. */
export function decodeText(text: string): string | undefined {
  const bytes = decodeCanonical(text);
  return bytes && isUtf8(bytes) ? bytes.toString("utf8") : undefined;
}

/** The bytes of ASCII `text`, to read: their memory is part of a larger piece that others use too. */
export function encodeAscii(text: string): Uint8Array {
  const { buffer, byteOffset, byteLength } = Buffer.from(text, "latin1");
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Node's decoder forgives much, but only what is canonical comes out of its encoder again. */
function decodeCanonical(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : undefined;
}
