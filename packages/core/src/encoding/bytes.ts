/**
 * Returns the bytes of a `Uint8Array` or an `ArrayBuffer`, as Web Crypto returns them, without a copy. Returns `undefined`
 * for anything else. Bytes of another realm (an iframe, a `node:vm` context, a test runner's sandbox) have other classes,
 * so they are told by what they are.
 */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  const kind = Object.prototype.toString.call(value);
  if (kind === "[object ArrayBuffer]") return new Uint8Array(value as ArrayBuffer);
  if (kind !== "[object Uint8Array]" || !ArrayBuffer.isView(value)) return undefined;
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}
