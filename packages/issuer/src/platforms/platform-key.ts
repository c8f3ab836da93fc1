import { kindOf, membersOf, printable } from "@attest/core/internal";
import { KeySetRefusedError } from "@attest/jwks";
import { MAX_KEYS, type RemoteKeys } from "@attest/jwks/internal";

/** Algorithms that subject tokens may be signed with. */
export const SUBJECT_ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "ES256",
  "ES384",
  "EdDSA",
  "Ed25519",
] as const;
type SubjectAlgorithm = (typeof SUBJECT_ALGORITHMS)[number];

/** Public key of a platform. */
export interface PlatformKey {
  /** The members that make the key, and no others: text in a foreign key set says nothing else here. */
  readonly jwk: Readonly<Record<string, string>>;
  /** Algorithms that it may verify. */
  readonly algorithms: readonly SubjectAlgorithm[];
}

/** The mark of keys for tokens: `sig` (or nothing), and `jwt-svid` in a SPIFFE bundle (SPIFFE, JWT-SVID §4). */
export type KeyUse = "sig" | "jwt-svid";

interface Kind {
  readonly members: readonly string[];
  readonly algorithms: readonly SubjectAlgorithm[];
}

const RSA: Kind = { members: ["n", "e"], algorithms: ["RS256", "RS384", "RS512", "PS256"] };
/** 2048 bits, in base64url. */
const LEAST_MODULUS_LENGTH = 342;
const CURVES: ReadonlyMap<unknown, Kind> = new Map([
  ["EC P-256", { members: ["crv", "x", "y"], algorithms: ["ES256"] }],
  ["EC P-384", { members: ["crv", "x", "y"], algorithms: ["ES384"] }],
  ["OKP Ed25519", { members: ["crv", "x"], algorithms: ["EdDSA", "Ed25519"] }],
] satisfies [string, Kind][]);

/**
 * Reads the usable keys of a platform's key set (RFC 7517 §5). A key that cannot be used is skipped, and never spoils the
 * others. Of two different usable keys under one `kid` neither is used.
 *
 * @throws {KeySetRefusedError} when the document is no key set, or has more than 100 keys.
 */
export function readPlatformKeys(document: unknown, use: KeyUse): RemoteKeys<PlatformKey> {
  const { keys: published } = membersOf(document);
  if (!Array.isArray(published))
    throw new KeySetRefusedError(`a key set has a list "keys", got ${kindOf(published)}`);
  if (published.length > MAX_KEYS)
    throw new KeySetRefusedError(
      `the key set has ${published.length} keys; at most ${MAX_KEYS} are accepted`,
    );
  const keys = new Map<string, PlatformKey>();
  const ambiguous = new Set<string>();
  const skipped: string[] = [];
  for (const [index, jwk] of published.entries()) {
    const { kid } = membersOf(jwk);
    const key = readKey(membersOf(jwk), use);
    if (typeof kid !== "string" || kid === "" || typeof key === "string") {
      const reason = typeof key === "string" ? key : "kid is not a non-empty string";
      skipped.push(`keys[${index}]${typeof kid === "string" ? ` "${printable(kid)}"` : ""}: ${reason}`);
      continue;
    }
    const other = keys.get(kid);
    if (other === undefined) keys.set(kid, key);
    else if (JSON.stringify(other.jwk) !== JSON.stringify(key.jwk)) ambiguous.add(kid);
  }
  for (const kid of ambiguous) {
    keys.delete(kid);
    skipped.push(`"${printable(kid)}": two usable keys have this kid`);
  }
  return { keys, skipped };
}

/** Returns the key, or why it is not used. */
function readKey(jwk: Readonly<Record<string, unknown>>, use: KeyUse): PlatformKey | string {
  const { kty, crv, alg, key_ops } = jwk;
  if (!isForUse(jwk["use"], use)) return `use is not "${use}"`;
  if (Array.isArray(key_ops) && !key_ops.includes("verify")) return 'key_ops does not hold "verify"';
  if ("d" in jwk || "k" in jwk) return "it is no public key";
  const kind = kty === "RSA" ? RSA : CURVES.get(`${kty} ${crv}`);
  if (kind === undefined) return "not a key for RS, PS256, ES256, ES384 or EdDSA signatures";
  const algorithms = kind.algorithms.filter(
    (known) => alg === undefined || alg === null || isSame(known, alg),
  );
  if (algorithms.length === 0) return "alg is none that subject tokens may have";
  const members: [string, string][] = [["kty", String(kty)]];
  for (const member of kind.members) {
    const value = jwk[member];
    if (typeof value !== "string") return `${member} is not text`;
    members.push([member, value]);
  }
  if (kind === RSA && String(jwk["n"]).length < LEAST_MODULUS_LENGTH) return "it is shorter than 2048 bits";
  return { jwk: Object.freeze(Object.fromEntries(members)), algorithms };
}

function isForUse(given: unknown, use: KeyUse): boolean {
  if (use === "jwt-svid") return given === "jwt-svid";
  return given === undefined || given === null || given === "sig";
}

/** `EdDSA` and `Ed25519` name the same algorithm here (RFC 9864). */
function isSame(known: SubjectAlgorithm, alg: unknown): boolean {
  return (
    known === alg || (known === "EdDSA" && alg === "Ed25519") || (known === "Ed25519" && alg === "EdDSA")
  );
}
