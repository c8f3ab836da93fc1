import { KeyPair, type SignatureAlgorithm } from "@attest/core";
import { type JWKSet, KeyRing } from "@attest/jwks";
import type { PublishingSigner } from "../issuer-options.js";
import { readKeysFile, writeKeysFile } from "./keys-file.js";
import { StartError } from "./start-error.js";

/** Keys of an issuer in a file, which another process may rotate. */
export class KeysInFile implements PublishingSigner {
  readonly #file: string;
  #ring: KeyRing;

  private constructor(file: string, ring: KeyRing) {
    this.#file = file;
    this.#ring = ring;
  }

  /**
   * Returns the keys in `file`. Makes a key, and the one to sign next, where there is no file.
   *
   * @throws {StartError} when it cannot be read or written.
   */
  static open(file: string): KeysInFile {
    const known = readKeysFile(file);
    if (known !== undefined) return new KeysInFile(file, known);
    const ring = new KeyRing({ current: KeyPair.generate(), next: KeyPair.generate() });
    writeKeysFile(file, ring);
    return new KeysInFile(file, ring);
  }

  /**
   * Signs with the announced key from now on, announces another, and keeps the old one published.
   *
   * @param keepForSeconds how long: no less than its attestations live, and the verifiers' skew
   * @throws {StartError} when the file cannot be written; nothing has changed then.
   */
  rotate(keepForSeconds: number): void {
    const rotated = this.#ring.copy();
    rotated.rotate(rotated.next ?? KeyPair.generate(), { keepForSeconds });
    rotated.announce(KeyPair.generate());
    writeKeysFile(this.#file, rotated);
    this.#ring = rotated;
  }

  /**
   * Reads the file again.
   *
   * @throws {StartError} when it cannot be read; the keys are as they were then.
   */
  reload(): void {
    const ring = readKeysFile(this.#file);
    if (ring === undefined) throw new StartError("the keys file is gone");
    this.#ring = ring;
  }

  get kid(): string {
    return this.#ring.kid;
  }

  get alg(): SignatureAlgorithm {
    return this.#ring.alg;
  }

  sign(message: Uint8Array): Uint8Array {
    return this.#ring.sign(message);
  }

  jwks(): JWKSet {
    return this.#ring.jwks();
  }
}
