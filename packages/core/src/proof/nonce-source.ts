/** Nonces that a server demands in proofs, so that none can be made ahead of time (protocol §6, RFC 9449 §8). */
export interface NonceSource {
  /** Returns the newest nonce: at most 128 visible ASCII characters. */
  current(): string;
  /** Whether a proof with `nonce` is fresh enough. */
  accepts(nonce: string): boolean;
}
