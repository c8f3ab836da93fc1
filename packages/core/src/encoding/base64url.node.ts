/** The unpadded base64url text of `bytes`, by Node's own encoder. */
export function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64url");
}

/** The unpadded base64url text of the UTF-8 bytes of `text`, without these bytes in between. */
export function encodeText(text: string): string {
  return Buffer.from(text, "utf8").toString("base64url");
}

/** The bytes of base64url `text`, by Node's own decoder. It forgives much: `text` must have been checked. */
export function decode(text: string): Uint8Array<ArrayBuffer> {
  // A copy, because a Buffer is a window on memory that others use too, and its `slice` is no copy.
  return new Uint8Array(Buffer.from(text, "base64url"));
}
