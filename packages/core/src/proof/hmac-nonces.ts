import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import type { Clock } from "../clock.js";
import { encodeBase64url } from "../encoding/base64url.js";
import { bytesOf } from "../encoding/bytes.js";
import { encodeUtf8 } from "../encoding/utf8.js";
import { clock } from "../options/option-kinds.js";
import { type Option, type OptionsSpec, readOptions } from "../options/read-options.js";
import { kindOf } from "../printable.js";
import type { NonceSource } from "./nonce-source.js";

export interface HmacNoncesOptions {
  /** A secret of at least 32 random bytes. Servers that share it accept one another's nonces. */
  readonly key: Uint8Array;
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
}

const MIN_KEY_BYTES = 32;
const WINDOW_SECONDS = 60;
const NONCE_BYTES = 16;

const secret: Option<Uint8Array> = (value, name) => {
  const bytes = bytesOf(value);
  if (bytes === undefined) throw new TypeError(`${name} must be a Uint8Array, got ${kindOf(value)}`);
  if (bytes.length < MIN_KEY_BYTES) {
    throw new RangeError(`${name} must be at least ${MIN_KEY_BYTES} bytes, got ${bytes.length}`);
  }
  return Uint8Array.from(bytes);
};

const OPTIONS: OptionsSpec<{ key: Uint8Array; clock: Clock }> = { key: secret, clock: clock() };

/**
 * Returns nonces that need no memory: HMAC-SHA-256 of the current minute under a secret. A nonce is good for one to two
 * minutes and any number of proofs; what makes a proof single use is its own id.
 *
 * @throws {TypeError | RangeError} naming the option that is wrong.
 */
export function hmacNonces(options: HmacNoncesOptions): NonceSource {
  const { key, clock } = readOptions("hmacNonces", options, OPTIONS);
  /** The nonces of the window that was asked for last, and of the one before it. */
  let made = { window: Number.NaN, current: "", previous: "" };

  const nonceOf = (window: number): string =>
    encodeBase64url(hmac(sha256, key, encodeUtf8(`attestation-nonce\n${window}`)).subarray(0, NONCE_BYTES));

  function windows(): typeof made {
    const window = Math.floor(clock.now() / WINDOW_SECONDS);
    if (window !== made.window) made = { window, current: nonceOf(window), previous: nonceOf(window - 1) };
    return made;
  }

  return Object.freeze({
    current: () => windows().current,
    accepts: (nonce: string) => {
      const { current, previous } = windows();
      return nonce === current || nonce === previous;
    },
  });
}
