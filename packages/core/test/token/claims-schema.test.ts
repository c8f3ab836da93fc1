import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { PROTOCOL_CLAIMS } from "../../src/constants.js";
import { AttestationError } from "../../src/errors.js";
import { AgentIntegrity } from "../../src/identity/agent-integrity.js";
import { KeyPair } from "../../src/keys/key-pair.js";
import { readClaims } from "../../src/token/read-claims.js";
import { claimsSchema } from "../support/claims-schema.js";
import { PAYLOAD } from "../support/forge.js";

type Members = Record<string, unknown>;

const FULL: Members = {
  ...PAYLOAD,
  nbf: PAYLOAD.iat,
  agent_identity: { ...PAYLOAD.agent_identity, deployment_id: "eu-1" },
  agent_integrity: {
    config_hash: AgentIntegrity.computeHash("config"),
    system_prompt_hash: AgentIntegrity.computeHash("prompt"),
  },
  cnf: { jwk: KeyPair.generate().publicKey.toJwk() },
};

/** Every path to a member: ["iss"], ["cnf"], ["cnf", "jwk"], … and some that no token has. */
const PATHS: readonly (readonly string[])[] = [
  ...pathsIn(FULL),
  ["cnf", "jwk", "d"],
  ["cnf", "jwk", "kid"],
  ["agent_identity", "region"],
  ["unknown"],
];

function pathsIn(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => [
    [...path, name],
    ...pathsIn(member, [...path, name]),
  ]);
}

/** Values on both sides of every rule, and of every kind that JSON has. */
const values = fc.oneof(
  fc.constantFrom<unknown>(
    undefined,
    null,
    true,
    "",
    "x",
    "x".repeat(128),
    "x".repeat(129),
    "x".repeat(256),
    "x".repeat(257),
    "\u{1F600}".repeat(256),
    "\u{1F600}".repeat(257),
    "a\nb",
    [],
    ["a"],
    Array(16).fill("a"),
    Array(17).fill("a"),
    Array(64).fill("a"),
    Array(65).fill("a"),
    ["a", 1],
    {},
    { 0: "a", length: 1 },
    0,
    -1,
    0.5,
    PAYLOAD.exp,
    PAYLOAD.iat,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    "0.1.9",
    "0.1.0-rc.1",
    "0.2.0",
    "0.10.0",
    "enterprise",
    "minimal",
    "Provider",
    "EdDSA",
    "Ed25519",
    "OKP",
    `sha256:${"A".repeat(64)}`,
    `sha256:${"a".repeat(63)}`,
    "A".repeat(43),
    "A".repeat(42),
    `${"A".repeat(42)}B`,
    "spiffe://example.com/a/b",
    "spiffe://example.com/",
    "spiffe://example.com/..",
    "spiffe://EXAMPLE.com/a",
    `spiffe://${"d".repeat(255)}`,
    `spiffe://${"d".repeat(256)}`,
    `spiffe://d/${"p".repeat(2037)}`,
    `spiffe://d/${"p".repeat(2038)}`,
  ),
  fc.jsonValue({ maxDepth: 2 }),
  fc.double(),
);

/** FULL with a few of its members replaced or, for `undefined`, taken out. */
const payloads = fc
  .array(fc.tuple(fc.constantFrom(...PATHS), values), { maxLength: 3 })
  .map((changes) => changes.reduce(changed, FULL));

function changed(payload: Members, [path, value]: readonly [readonly string[], unknown]): Members {
  const [name = "", ...rest] = path;
  const { [name]: member, ...others } = payload;
  if (rest.length > 0) {
    const isObject = typeof member === "object" && member !== null && !Array.isArray(member);
    return isObject ? { ...payload, [name]: changed(member as Members, [rest, value]) } : payload;
  }
  return value === undefined ? others : { ...others, [name]: value };
}

/** The code that `payload` is refused with, or what its claims say on the wire. */
function verdict(payload: Members): unknown {
  try {
    const { aud, nbf, cnf, agentIdentity, attestationMetadata, agentIntegrity, ...claims } =
      readClaims(payload);
    const { raw: _, ...registered } = claims;
    return { ...registered, aud, nbf, cnf, agentIdentity, attestationMetadata, agentIntegrity };
  } catch (error) {
    return error instanceof AttestationError ? error.code : error;
  }
}

/** The same by the schema. */
function expected(payload: Members): unknown {
  if (PROTOCOL_CLAIMS.some((claim) => !(claim in payload))) return 1007;
  const { success, output } = v.safeParse(claimsSchema, payload);
  if (!success) return 1008;
  const { agent_identity, attestation_metadata, agent_integrity, aud, nbf, cnf, ...registered } = output;
  return {
    ...registered,
    aud: typeof aud === "string" ? [aud] : aud,
    nbf,
    cnf: cnf && { jwk: (payload["cnf"] as Members)["jwk"] },
    agentIdentity: {
      modelFamily: agent_identity.model_family,
      modelVersion: agent_identity.model_version,
      provider: agent_identity.provider,
      deploymentId: agent_identity.deployment_id ?? undefined,
    },
    attestationMetadata: {
      attestationVersion: attestation_metadata.attestation_version,
      attestationType: attestation_metadata.attestation_type,
      safetyLevel: attestation_metadata.safety_level,
      capabilitiesDeclared: attestation_metadata.capabilities_declared,
    },
    agentIntegrity: agent_integrity
      ? {
          configHash: agent_integrity.config_hash?.toLowerCase(),
          systemPromptHash: agent_integrity.system_prompt_hash?.toLowerCase(),
        }
      : undefined,
  };
}

/** Without the classes and prototypes. */
function plain(value: unknown): unknown {
  return typeof value === "object" ? JSON.parse(JSON.stringify(value)) : value;
}

describe("readClaims, beside a schema of the same rules", () => {
  test("accepts and refuses the same payloads, and reads the same out of them", () => {
    const seen = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(payloads, (payload) => {
        const actual = verdict(payload);
        expect(plain(actual)).toEqual(plain(expected(payload)));
        seen[typeof actual === "object" ? "accepted" : "refused"] += 1;
      }),
      { numRuns: 20_000 },
    );
    // A comparison of refusals alone, or of acceptances alone, would say nothing.
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(2_000);
  });

  test("gives the same verdict on every single change", () => {
    for (const path of PATHS) {
      for (const value of fc.sample(values, { numRuns: 400, seed: 1 })) {
        const payload = changed(FULL, [path, value]);
        if (plainCode(verdict(payload)) !== plainCode(expected(payload))) {
          expect.fail(`${path.join(".")} = ${JSON.stringify(value)}: ${JSON.stringify(verdict(payload))}`);
        }
      }
    }
  });
});

function plainCode(outcome: unknown): unknown {
  return typeof outcome === "number" ? outcome : "accepted";
}
