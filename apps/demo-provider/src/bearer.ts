import { createHash, timingSafeEqual } from "node:crypto";
import * as v from "valibot";

/** A key that a bearer presents (RFC 6750 §2.1). */
export const bearerKey: v.GenericSchema<string, string> = v.pipe(
  v.string("must be a string"),
  v.regex(/^[!-~]{16,256}$/, "must have 16 to 256 visible ASCII characters"),
);

/** The key in an `Authorization` header, if there is one. */
export function bearerKeyOf(authorization: string | undefined): string | undefined {
  return /^Bearer +([!-~]+)$/i.exec(authorization ?? "")?.[1];
}

/** A key to compare others with, of which only the hash is kept. */
export class KeyHash {
  readonly #hash: Buffer;

  constructor(key: string) {
    this.#hash = sha256(key);
  }

  /** Whether `key` is the one. Takes equally long whatever is right about a wrong key. */
  matches(key: string): boolean {
    return timingSafeEqual(this.#hash, sha256(key));
  }
}

/** Makes keys of every length equally long, which is what can be compared in constant time. */
function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
