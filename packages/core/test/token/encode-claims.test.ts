import { describe, expect, test } from "vitest";
import { AgentIntegrity } from "../../src/identity/agent-integrity.js";
import { KeyPair } from "../../src/keys/key-pair.js";
import { encodeClaims, type StatedClaims } from "../../src/token/encode-claims.js";
import { readClaims } from "../../src/token/read-claims.js";
import { PAYLOAD } from "../support/forge.js";

const HASH = AgentIntegrity.computeHash("prompt");
const JWK = KeyPair.generate().publicKey.toJwk();

const FULL = {
  ...PAYLOAD,
  nbf: PAYLOAD.iat - 5,
  agent_identity: { ...PAYLOAD.agent_identity, deployment_id: 'eu"\u2028' },
  attestation_metadata: { ...PAYLOAD.attestation_metadata, capabilities_declared: ["tool_use", "ä"] },
  agent_integrity: { config_hash: HASH },
  cnf: { jwk: JWK },
};

function claimsOf(payload: object): StatedClaims {
  return readClaims(JSON.parse(JSON.stringify(payload)) as Record<string, unknown>);
}

describe("encodeClaims", () => {
  test.each([
    ["without the optional claims", PAYLOAD],
    ["with every claim", FULL],
  ])("writes what readClaims reads, %s", (_, payload) => {
    expect(JSON.parse(encodeClaims(claimsOf(payload)))).toEqual(payload);
  });

  test("writes a single audience as a string and several as a list", () => {
    const claims = claimsOf(PAYLOAD);
    expect(JSON.parse(encodeClaims({ ...claims, aud: ["a"] }))).toHaveProperty("aud", "a");
    expect(JSON.parse(encodeClaims({ ...claims, aud: ["a", "b"] }))).toHaveProperty("aud", ["a", "b"]);
  });

  test("writes the same again for the same objects, and something else for others", () => {
    const claims = claimsOf(FULL);
    expect(encodeClaims(claims)).toBe(encodeClaims(claims));
    const { agentIdentity } = claimsOf({
      ...FULL,
      agent_identity: { ...PAYLOAD.agent_identity, model_version: "another" },
    });
    const written = JSON.parse(encodeClaims({ ...claims, agentIdentity })) as typeof FULL;
    expect(written.agent_identity.model_version).toBe("another");
    expect(written.attestation_metadata).toEqual(FULL.attestation_metadata);
  });

  test("writes an object that only looks like an identity as it is each time", () => {
    const claims = claimsOf(PAYLOAD);
    const agentIdentity = { ...claims.agentIdentity, modelVersion: "first", toSpiffeId: () => claims.sub };
    const versionIn = () =>
      (JSON.parse(encodeClaims({ ...claims, agentIdentity })) as typeof PAYLOAD).agent_identity.model_version;
    expect(versionIn()).toBe("first");
    agentIdentity.modelVersion = "second";
    expect(versionIn()).toBe("second");
  });
});
