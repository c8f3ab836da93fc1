import { Ed25519PublicKey } from "@attest/core";
import { kindOf, printable } from "@attest/core/internal";
import type { JWKSet, PublishedJwk } from "./jwk-set.js";
import { KeySetRefusedError } from "./key-set-refused-error.js";

/** How many keys a key set may have (protocol §8); more is not one that an honest issuer publishes. */
export const MAX_KEYS = 100;
const LONGEST_TURN_MILLISECONDS = 8;
const VERIFYING_ALGORITHMS: readonly unknown[] = ["EdDSA", "Ed25519"];

/** What an issuer publishes, as far as it can be verified with. */
export interface KeySet {
  /** The usable keys by their `kid`. */
  readonly keys: ReadonlyMap<string, Ed25519PublicKey>;
  /** The same keys as a document: public members only. */
  readonly jwks: JWKSet;
  /** Why the others cannot be used, one sentence per key; what comes from the issuer is escaped and cut. */
  readonly skipped: readonly string[];
}

/**
 * The usable keys of a fetched document (RFC 7517 §5). A key that cannot be used is skipped, and never spoils
 * the others; of two keys with one `kid` neither is used.
 *
 * @param earlier what the issuer published before: its points are not checked again, which takes milliseconds each
 * @throws {KeySetRefusedError} when the document is not a key set at all, or has more than 100 keys.
 */
export async function readKeySet(document: unknown, earlier?: KeySet): Promise<KeySet> {
  const published = readMembers(document);
  const checked = new Map(earlier?.jwks.keys.map(({ x, kid }) => [x, earlier.keys.get(kid)]));
  const keys = new Map<string, Ed25519PublicKey>();
  const jwks: PublishedJwk[] = [];
  const skipped: string[] = [];
  let resumedAt = performance.now();
  for (const [index, jwk] of published.entries()) {
    // A hundred new keys take a fifth of a second, in which nothing else would get its turn.
    if (performance.now() - resumedAt > LONGEST_TURN_MILLISECONDS) {
      await new Promise((resolve) => setTimeout(resolve));
      resumedAt = performance.now();
    }
    const result = readKey(jwk, published, checked);
    if (typeof result === "string") {
      const name = typeof jwk.kid === "string" ? ` "${printable(jwk.kid)}"` : "";
      skipped.push(`keys[${index}]${name}: ${result}`);
    } else {
      keys.set(result.kid, result.key);
      jwks.push(Object.freeze({ ...result.key.toJwk(), kid: result.kid }));
    }
  }
  return { keys, jwks: Object.freeze({ keys: Object.freeze(jwks) }), skipped };
}

/** A member of a key set before anything is known of it. */
type UnknownJwk = Readonly<Partial<Record<"kty" | "crv" | "x" | "kid" | "use" | "alg" | "key_ops", unknown>>>;

function readMembers(document: unknown): readonly UnknownJwk[] {
  const keys = isObject(document) ? (document as { readonly keys?: unknown }).keys : undefined;
  if (!Array.isArray(keys)) throw new KeySetRefusedError(`a key set has a list "keys", got ${kindOf(keys)}`);
  if (keys.length > MAX_KEYS) {
    throw new KeySetRefusedError(`the key set has ${keys.length} keys; at most ${MAX_KEYS} are accepted`);
  }
  return keys.map((key) => (isObject(key) ? key : {}));
}

/** A key with its name, or why it cannot be used. */
function readKey(
  jwk: UnknownJwk,
  published: readonly UnknownJwk[],
  checked: ReadonlyMap<unknown, Ed25519PublicKey | undefined>,
): { readonly kid: string; readonly key: Ed25519PublicKey } | string {
  const { kty, crv, kid, use, alg, key_ops } = jwk;
  if (kty !== "OKP" || crv !== "Ed25519") return "not an Ed25519 key";
  if (typeof kid !== "string" || kid === "") return "kid is not a non-empty string";
  if (published.filter((other) => other.kid === kid).length > 1) return "another key has the same kid";
  if (use !== undefined && use !== "sig") return 'use is not "sig"';
  if (alg !== undefined && !VERIFYING_ALGORITHMS.includes(alg)) return "alg is neither EdDSA nor Ed25519";
  if (key_ops !== undefined && !(Array.isArray(key_ops) && key_ops.includes("verify")))
    return 'key_ops does not hold "verify"';
  // Whoever read the set can sign with this key, so what it signs says nothing about the issuer.
  if (Object.hasOwn(jwk, "d")) return "its private half is published with it";
  try {
    return { kid, key: checked.get(jwk.x) ?? Ed25519PublicKey.fromJwk(jwk) };
  } catch {
    return "x is not a public key that can be trusted";
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
