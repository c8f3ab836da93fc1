import { describe, expect, test } from "vitest";
import { PROTOCOL_CLAIMS } from "../../src/constants.js";
import { AgentIntegrity } from "../../src/identity/agent-integrity.js";
import { KeyPair } from "../../src/keys/key-pair.js";
import { readClaims } from "../../src/token/read-claims.js";
import { NOW, SUBJECT } from "../support/attested.js";
import { PAYLOAD } from "../support/forge.js";

const HASH = AgentIntegrity.computeHash("prompt");
const JWK = KeyPair.generate().publicKey.toJwk();

/** Reads a changed payload, after a trip through JSON. */
function read(changes: object) {
  return readClaims(JSON.parse(JSON.stringify({ ...PAYLOAD, ...changes })) as Record<string, unknown>);
}

const malformed = expect.objectContaining({ code: 1008 });
const identity = PAYLOAD.agent_identity;
const metadata = PAYLOAD.attestation_metadata;

describe("readClaims", () => {
  test("gives the claims their camelCase names", () => {
    const claims = read({ agent_integrity: { config_hash: HASH }, cnf: { jwk: JWK }, nbf: NOW - 5 });
    expect(claims).toMatchObject({
      iss: PAYLOAD.iss,
      sub: SUBJECT,
      aud: [PAYLOAD.aud],
      iat: NOW,
      exp: NOW + 300,
      nbf: NOW - 5,
      jti: PAYLOAD.jti,
      agentIdentity: { modelFamily: "claude-4", modelVersion: "claude-sonnet-4", provider: "anthropic" },
      attestationMetadata: {
        attestationVersion: "0.1.0",
        attestationType: "provider",
        safetyLevel: "standard",
      },
      agentIntegrity: { configHash: HASH, systemPromptHash: undefined },
      cnf: { jwk: JWK },
    });
  });

  test("keeps every member as it stands in raw, unknown ones included", () => {
    const extra = { "https://example.com/claim": { nested: [1, null] } };
    expect(read(extra).raw).toEqual({ ...PAYLOAD, ...extra });
    expect(read({ agent_identity: { ...identity, region: "eu" } }).raw["agent_identity"]).toHaveProperty(
      "region",
      "eu",
    );
  });

  test.each(PROTOCOL_CLAIMS)("misses %s, 1007, when it is absent", (claim) => {
    expect(() => read({ [claim]: undefined })).toThrow(
      expect.objectContaining({ code: 1007, detail: `missing: ${claim}`, check: "claims" }),
    );
  });

  test("names every claim that is missing", () => {
    expect(() => read({ sub: undefined, exp: undefined })).toThrow(
      expect.objectContaining({ code: 1007, detail: "missing: sub, exp" }),
    );
  });

  test.each(PROTOCOL_CLAIMS)("finds %s malformed, 1008, when it is null", (claim) => {
    expect(() => read({ [claim]: null })).toThrow(malformed);
  });

  test("takes an absent claim from no prototype", () => {
    const payload = Object.create(PAYLOAD) as Record<string, unknown>;
    expect(() => readClaims(payload)).toThrow(expect.objectContaining({ code: 1007 }));
  });

  test.each([
    ["a string", "https://a.example", ["https://a.example"]],
    ["a list of one", ["a"], ["a"]],
    ["a list of 16", Array(16).fill("a"), Array(16).fill("a")],
  ])("takes %s as audience", (_, aud, audiences) => {
    expect(read({ aud }).aud).toEqual(audiences);
  });

  test.each([
    ["17 audiences", { aud: Array(17).fill("a") }],
    ["no audiences", { aud: [] }],
    ["a number among the audiences", { aud: ["a", 1] }],
    ["an object as audience", { aud: { 0: "a", length: 1 } }],
    ["an issuer that is no string", { iss: [PAYLOAD.iss] }],
    ["a subject that is no SPIFFE ID", { sub: "claude" }],
  ])("finds %s malformed", (_, changes) => {
    expect(() => read(changes)).toThrow(malformed);
  });

  test.each(["iat", "exp", "nbf"])("finds %s malformed when it is not a finite number", (claim) => {
    for (const value of [String(NOW), [NOW], true, {}]) {
      expect(() => read({ [claim]: value })).toThrow(malformed);
    }
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => readClaims({ ...PAYLOAD, [claim]: value })).toThrow(malformed);
    }
  });

  test("takes times of 0 and fractions, and no negative iat or exp", () => {
    expect(read({ iat: 0, exp: 0.5, nbf: -1 })).toMatchObject({ iat: 0, exp: 0.5, nbf: -1 });
    expect(() => read({ iat: -0.5 })).toThrow(malformed);
    expect(() => read({ iat: -2, exp: -1 })).toThrow(malformed);
  });

  test("wants exp after iat", () => {
    expect(read({ exp: NOW + 0.001 }).exp).toBe(NOW + 0.001);
    expect(() => read({ exp: NOW })).toThrow(malformed);
    expect(() => read({ exp: NOW - 1 })).toThrow(malformed);
  });

  test("takes a jti of 1 to 128 printable ASCII characters", () => {
    for (const jti of ["x", " ~".repeat(64)]) expect(read({ jti }).jti).toBe(jti);
    for (const jti of ["", "x".repeat(129), "a\nb", "a\u007f", "é", 1]) {
      expect(() => read({ jti })).toThrow(malformed);
    }
  });

  test.each(["model_family", "model_version", "provider"])(
    "wants %s in agent_identity, of 1 to 256 characters",
    (member) => {
      expect(() => read({ agent_identity: { ...identity, [member]: "x".repeat(256) } })).not.toThrow();
      for (const value of [undefined, null, "", "x".repeat(257), 1]) {
        expect(() => read({ agent_identity: { ...identity, [member]: value } })).toThrow(malformed);
      }
    },
  );

  test("takes deployment_id as absent when it is null, as the 0.1.0 reference writes it", () => {
    const deployment = (value: unknown) =>
      read({ agent_identity: { ...identity, deployment_id: value } }).agentIdentity.deploymentId;
    expect(deployment("eu-1")).toBe("eu-1");
    expect(deployment(null)).toBeUndefined();
    expect(() => deployment("")).toThrow(malformed);
  });

  test.each([
    ["attestation_version", ["0.2.0", "1.0.0", "0.1", 0.1, undefined]],
    ["attestation_type", ["self", "PROVIDER", undefined]],
    ["safety_level", ["none", "__proto__", undefined]],
    ["capabilities_declared", [Array(65).fill("x"), [1], "x", undefined]],
  ])("finds a wrong %s in attestation_metadata malformed", (member, values) => {
    for (const value of values) {
      expect(() => read({ attestation_metadata: { ...metadata, [member]: value } })).toThrow(malformed);
    }
  });

  test("takes 64 declared capabilities, and both attestation types", () => {
    const capabilities_declared = Array(64).fill("x");
    const claims = read({
      attestation_metadata: { ...metadata, capabilities_declared, attestation_type: "enterprise" },
    });
    expect(claims.attestationMetadata).toMatchObject({
      capabilitiesDeclared: capabilities_declared,
      attestationType: "enterprise",
    });
  });

  test("takes agent_integrity and its members as absent when they are null", () => {
    expect(read({ agent_integrity: null }).agentIntegrity).toBeUndefined();
    expect(read({ agent_integrity: { config_hash: null, system_prompt_hash: HASH } }).agentIntegrity).toEqual(
      new AgentIntegrity({ systemPromptHash: HASH }),
    );
  });

  test.each([
    ["a list as agent_integrity", { agent_integrity: [HASH, 1] }],
    ["a wrong hash", { agent_integrity: { config_hash: "abc" } }],
    ["a string as agent_identity", { agent_identity: "claude" }],
    ["a cnf without jwk", { cnf: {} }],
    ["a cnf that is null", { cnf: null }],
    ["a cnf of another curve", { cnf: { jwk: { ...JWK, crv: "X25519" } } }],
    ["a cnf of another key type", { cnf: { jwk: { ...JWK, kty: "EC" } } }],
    ["a cnf whose jwk is null", { cnf: { jwk: null } }],
    ["a cnf whose jwk is a string", { cnf: { jwk: JWK.x } }],
    ["a cnf whose x is a number", { cnf: { jwk: { ...JWK, x: 1 } } }],
    ["a cnf whose x is padded", { cnf: { jwk: { ...JWK, x: `${JWK.x}=` } } }],
    ["a cnf of 31 bytes", { cnf: { jwk: { ...JWK, x: "A".repeat(42) } } }],
    ["a cnf of 33 bytes", { cnf: { jwk: { ...JWK, x: "A".repeat(44) } } }],
    ["a cnf with its private key", { cnf: { jwk: KeyPair.generate().toPrivateJwk() } }],
    ["a cnf with a private member that is null", { cnf: { jwk: { ...JWK, d: null } } }],
    ["a cnf for another algorithm", { cnf: { jwk: { ...JWK, alg: "ES256" } } }],
    ["a cnf whose alg is no string", { cnf: { jwk: { ...JWK, alg: ["EdDSA"] } } }],
  ])("finds %s malformed", (_, changes) => {
    expect(() => read(changes)).toThrow(malformed);
  });

  test.each(["EdDSA", "Ed25519", null, undefined])("takes a cnf whose alg is %s", (alg) => {
    expect(() => read({ cnf: { jwk: { ...JWK, alg } } })).not.toThrow();
  });

  test("finds a jwk that is undefined malformed", () => {
    expect(() => readClaims({ ...PAYLOAD, cnf: { jwk: undefined } })).toThrow(malformed);
  });

  test.each([
    [{ iss: ["secret"] }, "iss: is not a string"],
    [{ sub: "secret" }, "sub: is not a SPIFFE ID"],
    [{ aud: [] }, "aud: is neither a string nor a list of 1 to 16 strings"],
    [{ iat: "secret" }, "iat: is not a finite number from 0 up"],
    [{ exp: -1 }, "exp: is not a finite number from 0 up"],
    [{ exp: NOW }, "exp is not after iat"],
    [{ nbf: "secret" }, "nbf: is not a finite number"],
    [{ jti: "secret\n" }, "jti: is not 1 to 128 printable ASCII characters"],
    [
      { agent_identity: { ...identity, provider: ["secret"] } },
      "agent_identity.provider: is not a string of 1 to 256 characters",
    ],
    [
      { attestation_metadata: { ...metadata, attestation_version: "secret" } },
      "attestation_metadata.attestation_version: is not a version this package speaks",
    ],
    [
      { attestation_metadata: { ...metadata, attestation_type: "secret" } },
      "attestation_metadata.attestation_type: is not an attestation type",
    ],
    [
      { attestation_metadata: { ...metadata, safety_level: "secret" } },
      "attestation_metadata.safety_level: is not a safety level",
    ],
    [
      { attestation_metadata: { ...metadata, capabilities_declared: "secret" } },
      "attestation_metadata.capabilities_declared: is not a list of at most 64 strings",
    ],
    [{ agent_identity: "secret" }, "agent_identity: is not an object"],
    [{ attestation_metadata: "secret" }, "attestation_metadata: is not an object"],
    [{ agent_integrity: ["secret"] }, "agent_integrity: is a list"],
    [{ agent_integrity: "secret" }, "agent_integrity: is not an object"],
    [{ cnf: "secret" }, "cnf: is not an object"],
    [
      { agent_integrity: { config_hash: "secret" } },
      'agent_integrity.config_hash: is not "sha256:" and 64 hex digits',
    ],
    [{ cnf: { jwk: { d: "secret" } } }, "cnf.jwk: is not a public Ed25519 key"],
  ])("names the member that is wrong in %j, and not what is in it", (changes, detail) => {
    expect(() => read(changes)).toThrow(expect.objectContaining({ code: 1008, detail }));
  });
});
