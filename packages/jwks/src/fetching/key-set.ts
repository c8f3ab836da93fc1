import { Ed25519PublicKey } from "@attest/core";
import { kindOf, printable } from "@attest/core/internal";
import { KeySetRefusedError } from "../errors/fetch-errors.js";
import { type JWKSet, MAX_KEYS, type PublishedJwk } from "../jwk-set.js";

const LONGEST_TURN_MILLISECONDS = 8;
const VERIFYING_ALGORITHMS: readonly unknown[] = ["EdDSA", "Ed25519"];

/** Key set of an issuer, as far as tokens can be verified with it. */
export interface KeySet {
  /** Usable keys by their `kid`. */
  readonly keys: ReadonlyMap<string, Ed25519PublicKey>;
  /** The same keys as a document: public members only. */
  readonly jwks: JWKSet;
  /** Why the other keys are not used, one sentence per key. Text that comes from the issuer is escaped and cut. */
  readonly skipped: readonly string[];
}

/** Member of a key set before anything is known of it. A member that is `null` is absent: some serialisers write that. */
type UnknownJwk = Readonly<
  Partial<Record<"kty" | "crv" | "x" | "kid" | "use" | "alg" | "key_ops" | "d", unknown>>
>;

interface UsableKey {
  readonly kid: string;
  readonly x: unknown;
  readonly key: Ed25519PublicKey;
}

/**
 * Reads the usable keys of a fetched document (RFC 7517 §5). A key that cannot be used is skipped, and never spoils the
 * others. A key that is there twice is one key. Of two different usable keys under one `kid` neither is used.
 *
 * @param earlier the issuer's key set before: its points are not checked again, which takes milliseconds each
 * @throws {KeySetRefusedError} when the document is not a key set at all, or has more than 100 keys.
 */
export async function readKeySet(document: unknown, earlier?: KeySet): Promise<KeySet> {
  const published = readMembers(document);
  const checked = new Map<unknown, Ed25519PublicKey>();
  for (const { x, kid } of earlier?.jwks.keys ?? []) {
    const key = earlier?.keys.get(kid);
    if (key !== undefined) checked.set(x, key);
  }
  // The private half may stand in another entry than the key that it gives away.
  const givenAway = new Set(
    published.filter(({ crv, d }) => crv === "Ed25519" && d !== undefined).map(({ x }) => x),
  );
  const read: (UsableKey | string)[] = [];
  let resumedAt = performance.now();
  for (const jwk of published) {
    // A hundred new keys take a fifth of a second, in which nothing else would get its turn.
    if (performance.now() - resumedAt > LONGEST_TURN_MILLISECONDS) {
      await new Promise((resolve) => setTimeout(resolve));
      resumedAt = performance.now();
    }
    const result = readKey(jwk, givenAway, checked);
    if (typeof result !== "string") checked.set(jwk.x, result.key);
    read.push(result);
  }
  return withoutAmbiguous(published, read);
}

function readMembers(document: unknown): readonly UnknownJwk[] {
  const keys = isObject(document) ? (document as { readonly keys?: unknown }).keys : undefined;
  if (!Array.isArray(keys)) throw new KeySetRefusedError(`a key set has a list "keys", got ${kindOf(keys)}`);
  if (keys.length > MAX_KEYS) {
    throw new KeySetRefusedError(`the key set has ${keys.length} keys; at most ${MAX_KEYS} are accepted`);
  }
  return keys.map((key) => {
    const members = isObject(key) ? Object.entries(key) : [];
    return Object.fromEntries(members.filter(([, value]) => value !== null));
  });
}

/** Returns a key with its name, or the reason why it is not used. */
function readKey(
  jwk: UnknownJwk,
  givenAway: ReadonlySet<unknown>,
  checked: ReadonlyMap<unknown, Ed25519PublicKey>,
): UsableKey | string {
  const { kty, crv, kid, use, alg, key_ops, x } = jwk;
  if (kty !== "OKP" || crv !== "Ed25519") return "not an Ed25519 key";
  if (typeof kid !== "string" || kid === "") return "kid is not a non-empty string";
  if (use !== undefined && use !== "sig") return 'use is not "sig"';
  if (alg !== undefined && !VERIFYING_ALGORITHMS.includes(alg)) return "alg is neither EdDSA nor Ed25519";
  if (key_ops !== undefined && !(Array.isArray(key_ops) && key_ops.includes("verify")))
    return 'key_ops does not hold "verify"';
  // Every reader of the set can sign with this key, so its signatures say nothing about the issuer.
  if (givenAway.has(x)) return "its private half is published with it";
  try {
    return { kid, x, key: checked.get(x) ?? Ed25519PublicKey.fromJwk(jwk) };
  } catch {
    return encodingFault(x) ?? "x is not a public key that can be trusted";
  }
}

/** Returns what is wrong with the text of `x` (RFC 8037 §2, RFC 7515 §2), or `undefined` when it encodes 32 bytes. */
function encodingFault(x: unknown): string | undefined {
  if (typeof x !== "string") return "x is not a string";
  if (x.includes("=")) return "x is padded; base64url has no padding here";
  if (/[+/]/.test(x)) return "x is base64; it must be base64url";
  if (!/^[\w-]*$/.test(x)) return "x is not base64url";
  if (x.length !== 43) return "x is not 32 bytes in base64url";
  return /[AEIMQUYcgkosw048]$/.test(x) ? undefined : "x is not canonical base64url; its last bits must be 0";
}

/** Puts the set together, less the keys whose `kid` names another usable key too (RFC 7517 §4.5). */
function withoutAmbiguous(published: readonly UnknownJwk[], read: readonly (UsableKey | string)[]): KeySet {
  const byKid = new Map<string, Set<unknown>>();
  for (const result of read) {
    if (typeof result === "string") continue;
    byKid.set(result.kid, (byKid.get(result.kid) ?? new Set()).add(result.x));
  }
  const keys = new Map<string, Ed25519PublicKey>();
  const jwks: PublishedJwk[] = [];
  const skipped: string[] = [];
  for (const [index, result] of read.entries()) {
    if (typeof result !== "string" && byKid.get(result.kid)?.size === 1) {
      // The same key again, under another `alg` perhaps, is the same key.
      if (keys.has(result.kid)) continue;
      keys.set(result.kid, result.key);
      jwks.push(Object.freeze({ ...result.key.toJwk(), kid: result.kid }));
      continue;
    }
    const kid = published[index]?.kid;
    const name = typeof kid === "string" ? ` "${printable(kid)}"` : "";
    const reason = typeof result === "string" ? result : "another usable key has the same kid";
    skipped.push(`keys[${index}]${name}: ${reason}`);
  }
  return { keys, jwks: Object.freeze({ keys: Object.freeze(jwks) }), skipped };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
