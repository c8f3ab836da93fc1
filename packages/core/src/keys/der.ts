/**
 * The two fixed DER prefixes of RFC 8410: Ed25519 keys have one length and no parameters, so everything before
 * the 32 raw bytes is always the same.
 */

/** SubjectPublicKeyInfo up to the public key (RFC 8410 §4). */
export const SPKI_PREFIX: Uint8Array = Uint8Array.of(
  0x30,
  0x2a,
  0x30,
  0x05,
  0x06,
  0x03,
  0x2b,
  0x65,
  0x70,
  0x03,
  0x21,
  0x00,
);

/** PKCS#8 PrivateKeyInfo up to the private key (RFC 8410 §7). */
export const PKCS8_PREFIX: Uint8Array = Uint8Array.of(
  0x30,
  0x2e,
  0x02,
  0x01,
  0x00,
  0x30,
  0x05,
  0x06,
  0x03,
  0x2b,
  0x65,
  0x70,
  0x04,
  0x22,
  0x04,
  0x20,
);

/** The 32 key bytes after `prefix`, or `undefined` when `der` is not exactly that. */
export function stripPrefix(der: Uint8Array, prefix: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  if (der.length !== prefix.length + 32 || !prefix.every((byte, index) => der[index] === byte))
    return undefined;
  return Uint8Array.from(der.subarray(prefix.length));
}
