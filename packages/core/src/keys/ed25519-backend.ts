/**
 * A source of Ed25519 (RFC 8032). Keys come in as 32 raw bytes and are prepared once; the
 * functions that come back are called for every token.
 *
 * A backend may be looser than RFC 8032 about encodings: what makes verification strict is checked around it,
 * alike for every backend, in `strict-ed25519.ts`.
 */
export interface Ed25519Backend {
  /** Prepares a public key whose point is already validated. */
  prepareVerify(publicKey: Uint8Array): (message: Uint8Array, signature: Uint8Array) => boolean;
  /** Prepares a 32-byte private key (RFC 8032 §5.1.5, the seed). */
  prepareSign(privateKey: Uint8Array): (message: Uint8Array) => Uint8Array;
}
