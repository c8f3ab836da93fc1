import { KeyPair } from "@attest/core";
import { StartError } from "@attest/demo-service";
import { KeyRing } from "@attest/jwks";
import { readKeysFile, writeKeysFile } from "./keys-file.js";

/**
 * How long a retired key stays published, in seconds: the longest life a token may be given (900), and the clock
 * skew that verifiers allow by default (30).
 */
const KEEP_FOR_SECONDS = 930;

export interface KeyStoreOptions {
  /** File that keeps the keys across restarts. `undefined`: they are in memory only. */
  readonly file?: string | undefined;
  /** First signing key, where no file names one. Default: a fresh key. */
  readonly keyPair?: KeyPair | undefined;
  /** Whether the next key is published before it signs. A provider whose keys can be rotated while it runs needs that. */
  readonly announcesNext: boolean;
}

/** The provider's key ring, and its file. */
export class KeyStore {
  /** Keys that sign, and keys that are published. */
  readonly ring: KeyRing;
  readonly #file: string | undefined;

  /** @throws {StartError} when the file cannot be read or written. */
  constructor({ file, keyPair, announcesNext }: KeyStoreOptions) {
    this.#file = file;
    const kept = file === undefined ? undefined : readKeysFile(file);
    this.ring = kept ?? new KeyRing({ current: keyPair ?? KeyPair.generate() });
    const isNextMissing = announcesNext && this.ring.next === undefined;
    if (isNextMissing) this.ring.announce(KeyPair.generate());
    if (kept !== undefined && !isNextMissing) return;
    try {
      this.#write(this.ring);
    } catch (cause) {
      const { code = "unknown error" } = cause as NodeJS.ErrnoException;
      throw new StartError(
        `KEYS_FILE cannot be written (${code}); name a file in a folder that can be written`,
        {
          cause,
        },
      );
    }
  }

  /**
   * Signs with the announced key from now on, announces another, and publishes the old one until its last token has
   * expired. On disk first: what cannot be kept is not done.
   *
   * @throws {Error} when the file cannot be written; nothing has changed then.
   */
  rotate(): void {
    const { next = KeyPair.generate() } = this.ring;
    const afterNext = KeyPair.generate();
    const rotateRing = (ring: KeyRing): void => {
      ring.rotate(next, { keepForSeconds: KEEP_FOR_SECONDS });
      ring.announce(afterNext);
    };
    const rotated = this.ring.copy();
    rotateRing(rotated);
    this.#write(rotated);
    rotateRing(this.ring);
  }

  #write(ring: KeyRing): void {
    if (this.#file !== undefined) writeKeysFile(this.#file, ring);
  }
}
