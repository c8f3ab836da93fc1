import { VerificationPolicy } from "../policy.js";
import { ProofPolicy } from "../proof-policy.js";
import { asObject, type JsonObject } from "./json-rpc.js";

/** Demands of a server on agents: said in its status, and with every refusal. */
export interface Requirements {
  readonly policy: VerificationPolicy;
  /** Issuers whose tokens can pass: at most 16 of them are named. */
  readonly trustedIssuers: readonly string[];
  /** Number of trusted issuers, where not all of them are named. */
  readonly trustedIssuersTotal?: number | undefined;
  /** Claims that a token has to carry, by their names on the wire. */
  readonly requiredClaims: readonly string[];
  /** The names under which the server verifies tokens, at most 16; said with refusals that a wrong audience explains. */
  readonly audience?: readonly string[] | undefined;
  /** Demand for proofs of possession. Absent where the server says nothing of proofs. */
  readonly proof?: ProofPolicy | undefined;
}

const MAX_NAMES = 16;
const MAX_CLAIMS = 64;
const MAX_CHARACTERS = 1024;

/**
 * Writes what a server asks for, as it stands in its status and in its refusals.
 *
 * At most 16 issuers, 16 audiences and 64 claims are named, each with 1024 characters together: a stranger is told them, and
 * must not be able to have a few bytes answered with a flood. `trusted_issuers_total` says that there are more issuers.
 */
export function writeRequirements({
  policy,
  trustedIssuers,
  trustedIssuersTotal = trustedIssuers.length,
  requiredClaims,
  audience,
  proof,
}: Requirements): JsonObject {
  const named = firstOf(trustedIssuers, MAX_NAMES);
  return {
    policy,
    trusted_issuers: named,
    ...(named.length < trustedIssuersTotal ? { trusted_issuers_total: trustedIssuersTotal } : {}),
    // Copies: over an in-memory transport the peer would hold the verifier's own lists.
    required_claims: firstOf(requiredClaims, MAX_CLAIMS),
    ...(audience === undefined ? {} : { audience: firstOf(audience, MAX_NAMES) }),
    ...(proof === undefined ? {} : { proof }),
  };
}

/** Reads what a server says it asks for; returns `undefined` when `value` does not say so. */
export function readRequirements(value: unknown): Requirements | undefined {
  const {
    policy,
    trusted_issuers,
    trusted_issuers_total,
    required_claims = [],
    audience,
    proof,
  } = asObject(value) ?? {};
  if (!isIn(VerificationPolicy, policy) || !areTexts(trusted_issuers) || !areTexts(required_claims))
    return undefined;
  return {
    policy,
    trustedIssuers: trusted_issuers,
    ...(typeof trusted_issuers_total === "number" ? { trustedIssuersTotal: trusted_issuers_total } : {}),
    requiredClaims: required_claims,
    ...(areTexts(audience) ? { audience } : {}),
    ...(isIn(ProofPolicy, proof) ? { proof } : {}),
  };
}

/** Whether `value` is a list of texts. */
export function areTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string");
}

/** Whether `value` is one of a closed set. */
export function isIn<T extends string>(set: Readonly<Record<string, T>>, value: unknown): value is T {
  return Object.values(set).includes(value as T);
}

/** Returns the first of `names`, in a list of its own. */
function firstOf(names: readonly string[], most: number): readonly string[] {
  const first: string[] = [];
  let characters = 0;
  for (const name of names) {
    characters += name.length;
    if (first.length >= most || characters > MAX_CHARACTERS) break;
    first.push(name);
  }
  return first;
}
