import { Ed25519PublicKey } from "@attest/core";
import { kindOf, membersOf } from "@attest/core/internal";
import type { PublishedJwk } from "../jwk-set.js";

/** Key that signs no more, and is published while tokens live that it signed. Its private half is gone. */
export interface RetiredKey {
  readonly jwk: PublishedJwk;
  /** Time until which it is published, in seconds since the Unix epoch. */
  readonly publishedUntil: number;
}

/** Reads a list of retired keys, as an option. */
export function readRetiredKeys(value: unknown = [], name: string): readonly RetiredKey[] {
  if (Array.isArray(value) && value.every(isRetiredKey)) return [...value];
  const got = Array.isArray(value) ? "a list with something else in it" : kindOf(value);
  throw new TypeError(
    `${name} must be a list of { jwk, publishedUntil } of public keys, as an earlier ring's previous had it, got ${got}`,
  );
}

function isRetiredKey(value: unknown): value is RetiredKey {
  const { jwk, publishedUntil } = membersOf(value);
  // A private half in it would be published.
  if (typeof publishedUntil !== "number" || !(publishedUntil >= 0) || "d" in membersOf(jwk)) return false;
  const { kid } = membersOf(jwk);
  try {
    return typeof kid === "string" && kid !== "" && !!Ed25519PublicKey.fromJwk(membersOf(jwk));
  } catch {
    return false;
  }
}
