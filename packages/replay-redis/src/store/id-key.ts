import { hash } from "node:crypto";
import { crc32 } from "node:zlib";

/** Characters of base64url, 6 bits each: 96 bits of the id's digest, and 32 bits that check them. */
const DIGEST_LENGTH = 16;
const CHECK_LENGTH = 6;
const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/**
 * Returns the key of an id: the prefix, 96 bits of the id's SHA-256, and their checksum. All keys have one size,
 * however long the id.
 *
 * The checksum tells keys of a cache from other keys with the same prefix, and costs no memory: it takes the place of
 * digest bits. Two ids with the same digest bits would refuse each other's tokens; that never lets a token in. By
 * chance it takes some 2^48 live ids, and on purpose 2^96 digests within a token's life.
 */
export function idKey(prefix: string, id: string): string {
  const digest = hash("sha256", id, "base64url").slice(0, DIGEST_LENGTH);
  return prefix + digest + checksum(digest);
}

/** Whether {@link idKey} made `key` with this prefix. Another key passes once in 2^36. */
export function isIdKey(prefix: string, key: string): boolean {
  if (key.length !== prefix.length + DIGEST_LENGTH + CHECK_LENGTH || !key.startsWith(prefix)) return false;
  const digest = key.slice(prefix.length, -CHECK_LENGTH);
  return key.endsWith(checksum(digest));
}

/** Returns the pattern for `SCAN … MATCH` of keys with this prefix and of this length. */
export function keyPattern(prefix: string): string {
  return prefix.replace(/[\\*?[\]]/g, "\\$&") + "?".repeat(DIGEST_LENGTH + CHECK_LENGTH);
}

/** Returns the CRC-32 of `digest` in base64url. Shifts cost a third of what a Buffer does. */
function checksum(digest: string): string {
  const sum = crc32(digest);
  let text = "";
  for (let shift = 26; shift > 0; shift -= 6) text += BASE64URL[(sum >>> shift) & 63];
  return text + BASE64URL[(sum << 4) & 63];
}
