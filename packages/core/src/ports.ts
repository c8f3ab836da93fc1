import type { SignatureAlgorithm } from "./constants.js";
import type { Ed25519PublicKey } from "./keys/ed25519-public-key.js";

/** A value that is there already, or a promise of it. A value that is there is used at once, without waiting. */
export type MaybePromise<T> = T | Promise<T>;

/** Finds an issuer's public keys. */
export interface KeyResolver {
  /**
   * Returns the key that `issuer` publishes under `kid`, or `undefined` when it publishes no such key: the token is then
   * refused with 1003. Throws or rejects while the keys are unavailable: that is an outage (1010), not an invalid token.
   */
  getKey(issuer: string, kid: string): MaybePromise<Ed25519PublicKey | undefined>;
  /**
   * Looks for a new key under `kid`, after a signature did not verify with the key that `getKey` returned: some issuers
   * restart with a new key under the old name. Returns the key that is known after that, which may be the same. Anybody can
   * cause a call, with any signature, so it has to bound how often it asks the issuer. A failure changes nothing: the
   * token is refused, 1003. Resolvers without a cache leave it out.
   */
  refresh?(issuer: string, kid: string): MaybePromise<Ed25519PublicKey | undefined>;
  /**
   * Is called with the issuers that a verifier trusts, when the verifier is built. A resolver that remembers a limited
   * number of issuers keeps these.
   */
  keep?(issuers: readonly string[]): void;
}

/** Remembers which token ids were used. */
export interface ReplayCache {
  /**
   * Records `id` until `exp`. Returns `true` the first time, and `false` from then on while the id is remembered. Must be
   * atomic: of any number of concurrent calls with one id, exactly one gets `true`. Throws or rejects when the cache
   * cannot tell (1011).
   *
   * @param exp seconds since the Unix epoch until which the id must be remembered
   */
  checkAndAdd(id: string, exp: number): MaybePromise<boolean>;
  /** Whether `id` is remembered. */
  exists(id: string): Promise<boolean>;
  /** Returns the number of ids that are remembered. */
  count(): Promise<number>;
  /** Forgets every id. Tokens that were used before can then be used again. */
  clear(): Promise<void>;
}

/** Signs with one Ed25519 key: a `KeyPair` in memory, or a KMS or HSM behind a promise. */
export interface Signer {
  /** Key id that goes into the token's header. */
  readonly kid: string;
  /** Algorithm name that goes into the token's header. */
  readonly alg: SignatureAlgorithm;
  /** Returns the 64-byte Ed25519 signature over `message` (RFC 8032 §5.1.6). */
  sign(message: Uint8Array): MaybePromise<Uint8Array>;
}
