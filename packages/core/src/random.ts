/** @throws {Error} where the runtime has no secure randomness: nothing is put in its place. */
function secureSource(): typeof crypto {
  if (typeof globalThis.crypto?.getRandomValues !== "function") {
    throw new Error(
      "@attest/core needs the Web Crypto API (globalThis.crypto), which this runtime does not have",
    );
  }
  return globalThis.crypto;
}

// Looked up at import, so that a runtime without it fails before anything is signed or trusted.
const source = secureSource();

/** `length` bytes of secure randomness. */
export function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  return source.getRandomValues(new Uint8Array(length));
}

/** A random UUID (RFC 9562 §5.4, version 4). */
export function randomUuid(): string {
  return source.randomUUID();
}
