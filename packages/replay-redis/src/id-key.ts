import { hash } from "node:crypto";

/** Characters of base64url, 6 bits each. */
const DIGEST_LENGTH = 22;

/**
 * Where an id is kept: the prefix and 132 bits of the id's SHA-256, so that keys have one size whatever the id.
 * Ids whose digests collide would refuse each other's tokens, never let one in; by chance that takes some 2^66
 * live ids, and on purpose 2^132 digests within a token's life.
 */
export function idKey(prefix: string, id: string): string {
  return prefix + hash("sha256", id, "base64url").slice(0, DIGEST_LENGTH);
}

/** Whether `key` is one of {@link idKey}'s with this prefix. */
export function isIdKey(prefix: string, key: string): boolean {
  return key.length === prefix.length + DIGEST_LENGTH && key.startsWith(prefix);
}

/** The pattern for `SCAN … MATCH` that finds the keys with this prefix, whatever characters are in it. */
export function keyPattern(prefix: string): string {
  return `${prefix.replace(/[\\*?[\]]/g, "\\$&")}*`;
}
