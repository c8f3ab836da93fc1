import type { KeyResolver } from "../ports.js";
import { Ed25519PublicKey } from "./ed25519-public-key.js";

/** Keys that were handed over in person, by issuer and key id. */
export class InMemoryKeyResolver implements KeyResolver {
  readonly #keys = new Map<string, Map<string, Ed25519PublicKey>>();

  /** Trusts `publicKey` as the issuer's key `kid`, instead of any before it. @throws {TypeError} when it is not a public key. */
  addKey(issuer: string, kid: string, publicKey: Ed25519PublicKey): void {
    if (!Ed25519PublicKey.isPublicKey(publicKey))
      throw new TypeError("publicKey must be an Ed25519PublicKey");
    const keys = this.#keys.get(issuer) ?? new Map<string, Ed25519PublicKey>();
    this.#keys.set(issuer, keys.set(kid, publicKey));
  }

  /** Trusts the public half of `keyPair` as the issuer's, under its own key id. */
  addKeyPair(issuer: string, keyPair: { readonly kid: string; readonly publicKey: Ed25519PublicKey }): void {
    this.addKey(issuer, keyPair.kid, keyPair.publicKey);
  }

  /** Trusts the issuer's key `kid` no longer, and says whether it did before. */
  removeKey(issuer: string, kid: string): boolean {
    return this.#keys.get(issuer)?.delete(kid) ?? false;
  }

  async getKey(issuer: string, kid: string): Promise<Ed25519PublicKey | undefined> {
    return this.#keys.get(issuer)?.get(kid);
  }
}
