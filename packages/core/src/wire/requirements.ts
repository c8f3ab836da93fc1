import { VerificationPolicy } from "../policy.js";
import { ProofPolicy } from "../proof-policy.js";
import { asObject, type JsonObject } from "./json-rpc.js";

/** Demands of a server on agents: said in its status, and with every refusal. */
export interface Requirements {
  readonly policy: VerificationPolicy;
  /** Issuers whose tokens can pass: at most 16 of them are named. */
  readonly trustedIssuers: readonly string[];
  /** How many issuers are trusted, where not all of them are named. */
  readonly trustedIssuersTotal?: number | undefined;
  /** Claims that a token has to carry, by their names on the wire. */
  readonly requiredClaims: readonly string[];
  /** The names under which the server verifies tokens; said with refusals that a wrong audience explains. */
  readonly audience?: readonly string[] | undefined;
  /** Which tokens need a proof of possession, and how often. Absent where the server says nothing of proofs. */
  readonly proof?: ProofPolicy | undefined;
}

const MAX_ISSUERS = 16;
const MAX_ISSUERS_CHARACTERS = 1024;

/**
 * Writes what a server asks for, as it stands in its status and in its refusals.
 *
 * At most 16 issuers are named, with 1024 characters together: a stranger is told them, and must not be able to have a
 * few bytes answered with a flood. `trusted_issuers_total` says that there are more.
 */
export function writeRequirements({
  policy,
  trustedIssuers,
  trustedIssuersTotal = trustedIssuers.length,
  requiredClaims,
  audience,
  proof,
}: Requirements): JsonObject {
  const named = firstOf(trustedIssuers);
  return {
    policy,
    trusted_issuers: named,
    ...(named.length < trustedIssuersTotal ? { trusted_issuers_total: trustedIssuersTotal } : {}),
    // A copy: over an in-memory transport the peer would hold the verifier's own list.
    required_claims: [...requiredClaims],
    ...(audience === undefined ? {} : { audience: [...audience] }),
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

function firstOf(issuers: readonly string[]): readonly string[] {
  const named: string[] = [];
  let characters = 0;
  for (const issuer of issuers) {
    characters += issuer.length;
    if (named.length >= MAX_ISSUERS || characters > MAX_ISSUERS_CHARACTERS) break;
    named.push(issuer);
  }
  return named;
}
