import { isUtf8 } from "node:buffer";

/** Memory in which text is encoded and decoded on its way. Nothing that is returned lies in it. */
const scratch = Buffer.allocUnsafeSlow(16_384);

/** Memory that views are cut from, piece after piece: memory of its own for each would cost more than what it holds. */
const SLAB_BYTES = 65_536;
let slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
let slabUsed = 0;

/** Characters whose low four, or low two, bits are zero: only these may stand last where those bits go unused. */
const ENDS_ONE_BYTE = "AQgw";
const ENDS_TWO_BYTES = "AEIMQUYcgkosw048";

/** Returns the unpadded base64url text of `bytes`. */
export function encodeBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64url");
}

/** Returns the unpadded base64url text of the UTF-8 bytes of `text`. */
export function encodeTextAsBase64url(text: string): string {
  // UTF-8 takes at most three bytes for a UTF-16 unit.
  const room = roomFor(text.length * 3);
  return room.toString("base64url", 0, room.write(text, "utf8"));
}

/** Returns the bytes of base64url `text`, or `undefined` when `text` is not the one canonical encoding of any bytes. */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  const room = roomFor(text.length);
  const length = room.write(text, "base64url");
  return isCanonical(text, length) ? new Uint8Array(room.subarray(0, length)) : undefined;
}

/** Returns the text whose UTF-8 bytes base64url `text` encodes, or `undefined` when it is not canonical or not UTF-8. */
export function decodeTextFromBase64url(text: string): string | undefined {
  const room = roomFor(text.length);
  const length = room.write(text, "base64url");
  if (!isCanonical(text, length)) return undefined;
  const decoded = room.toString("utf8", 0, length);
  // A replacement character comes out of bytes that are not UTF-8, or of its own encoding. Nothing else needs a second look.
  return decoded.includes("\ufffd") && !isUtf8(room.subarray(0, length)) ? undefined : decoded;
}

/** Returns the bytes of base64url `text` as {@link decodeBase64url} does, in memory that is shared: to read only. */
export function base64urlView(text: string): Uint8Array | undefined {
  const start = reserve(text.length);
  const length = slab.write(text, start, "base64url");
  return isCanonical(text, length) ? cut(start, length) : undefined;
}

/** Returns the bytes of ASCII `text`, in memory that is shared: to read only. */
export function asciiView(text: string): Uint8Array {
  const start = reserve(text.length);
  return cut(start, slab.write(text, start, "latin1"));
}

/**
 * Whether `text`, which Node's forgiving decoder made `decodedLength` bytes of, is canonical base64url. Characters that
 * the decoder skips are missing in the length. The other alphabet, and characters beyond ASCII, which it takes for others
 * by their low byte, are looked for; so are unused bits that are not zero.
 */
function isCanonical(text: string, decodedLength: number): boolean {
  const left = text.length % 4;
  if (left === 1 || decodedLength !== Math.floor((text.length * 3) / 4)) return false;
  if (text.includes("+") || text.includes("/") || Buffer.byteLength(text) !== text.length) return false;
  return left === 0 || (left === 2 ? ENDS_ONE_BYTE : ENDS_TWO_BYTES).includes(text.charAt(text.length - 1));
}

function roomFor(bytes: number): Buffer {
  return bytes <= scratch.length ? scratch : Buffer.allocUnsafeSlow(bytes);
}

/** Returns where the slab has room for `length` more bytes. */
function reserve(length: number): number {
  if (length > slab.length - slabUsed) {
    slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, length));
    slabUsed = 0;
  }
  return slabUsed;
}

function cut(start: number, length: number): Uint8Array {
  slabUsed = start + length;
  return new Uint8Array(slab.buffer, start, length);
}
