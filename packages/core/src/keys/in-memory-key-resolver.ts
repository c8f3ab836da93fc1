import type { KeyResolver } from "../ports.js";
import { kindOf } from "../printable.js";
import { Ed25519PublicKey } from "./ed25519-public-key.js";

/** Holds keys that were handed over in person, by issuer and key id. */
export class InMemoryKeyResolver implements KeyResolver {
  readonly #keys = new Map<string, Map<string, Ed25519PublicKey>>();

  /**
   * Trusts `publicKey` as the issuer's key `kid`, in place of any earlier key of that id.
   *
   * @throws {TypeError} when it is not an `Ed25519PublicKey`.
   */
  addKey(issuer: string, kid: string, publicKey: Ed25519PublicKey): void {
    if (!(publicKey instanceof Ed25519PublicKey)) {
      throw new TypeError(`publicKey must be an Ed25519PublicKey, got ${kindOf(publicKey)}`);
    }
    const keys = this.#keys.get(issuer) ?? new Map<string, Ed25519PublicKey>();
    this.#keys.set(issuer, keys.set(kid, publicKey));
  }

  /** Trusts the public half of `keyPair` as the issuer's, under its own key id. */
  addKeyPair(issuer: string, keyPair: { readonly kid: string; readonly publicKey: Ed25519PublicKey }): void {
    this.addKey(issuer, keyPair.kid, keyPair.publicKey);
  }

  /** Stops trusting the issuer's key `kid`. Returns whether it was trusted before. */
  removeKey(issuer: string, kid: string): boolean {
    return this.#keys.get(issuer)?.delete(kid) ?? false;
  }

  /** Returns the issuer's key `kid`, or `undefined` when there is no such key. */
  getKey(issuer: string, kid: string): Ed25519PublicKey | undefined {
    return this.#keys.get(issuer)?.get(kid);
  }
}
