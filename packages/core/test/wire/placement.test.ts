import { describe, expect, test } from "vitest";
import {
  type AttestationStatus,
  evidenceIn,
  MALFORMED_EVIDENCE,
  type RequestMessage,
  statusIn,
  withEvidence,
  withoutEvidence,
  withStatus,
  writeStatus,
} from "../../src/wire.js";

const KEY = "security.attestation";
const evidence = { token: "a.b.c", proof: "d.e.f" };
const request = (method: string, params?: Record<string, unknown>): RequestMessage => ({
  jsonrpc: "2.0",
  id: 1,
  method,
  ...(params === undefined ? {} : { params }),
});

describe("evidence", () => {
  test("rides among the experimental capabilities of initialize, beside what else is there", () => {
    const initialize = request("initialize", {
      protocolVersion: "2025-11-25",
      capabilities: { roots: {}, experimental: { other: { a: 1 } } },
    });
    const presented = withEvidence(initialize, evidence);
    expect(presented.params).toEqual({
      protocolVersion: "2025-11-25",
      capabilities: {
        roots: {},
        experimental: {
          other: { a: 1 },
          [KEY]: {
            version: "0.1.0",
            token: "a.b.c",
            supported_algorithms: ["EdDSA", "Ed25519"],
            attestation_types: ["provider", "enterprise"],
            proof: "d.e.f",
          },
        },
      },
    });
    expect(evidenceIn(presented)).toEqual(evidence);
    expect(withoutEvidence(presented)).toEqual(initialize);
  });

  test.each([
    ["tools/call", { name: "x", _meta: { progressToken: 1 } }],
    ["tools/list", undefined],
    // By its envelope a request of MCP 2026-07-28, which has no handshake.
    ["initialize", { _meta: { "io.modelcontextprotocol/protocolVersion": "2026-07-28" } }],
  ])("rides in params._meta of %s", (method, params) => {
    const presented = withEvidence(request(method, params), evidence);
    expect(presented.params?.["_meta"]).toEqual({
      ...(params as { _meta?: object } | undefined)?._meta,
      [KEY]: { version: "0.1.0", token: "a.b.c", proof: "d.e.f" },
    });
    expect(evidenceIn(presented)).toEqual(evidence);
    expect(withoutEvidence(presented)).toEqual(request(method, params ?? {}));
  });

  test("takes the place of evidence that was there", () => {
    const first = withEvidence(request("tools/call", { name: "x" }), { token: "old" });
    expect(evidenceIn(withEvidence(first, { token: "new" }))).toEqual({ token: "new" });
  });

  test("in two places of one message is malformed, and taken out of both", () => {
    const twice = request("initialize", {
      capabilities: { experimental: { [KEY]: { token: "a.b.c" } } },
      _meta: { [KEY]: { token: "a.b.c" } },
    });
    expect(evidenceIn(twice)).toBe(MALFORMED_EVIDENCE);
    expect(withoutEvidence(twice).params).toEqual({ capabilities: {} });
  });

  test.each([{}, { token: 1 }, { token: null }, [], "a.b.c", 1, true, { token: "a.b.c", proof: 1 }])(
    "that is %j is presented, and no verifier can take it",
    (value) => {
      expect(evidenceIn(request("tools/call", { _meta: { [KEY]: value } }))).toBe(MALFORMED_EVIDENCE);
    },
  );

  test.each([undefined, null])("that is %j is absent", (value) => {
    expect(evidenceIn(request("tools/call", { _meta: { [KEY]: value } }))).toBeUndefined();
    expect(
      evidenceIn(request("initialize", { capabilities: { experimental: { [KEY]: value } } })),
    ).toBeUndefined();
  });

  test.each([
    undefined,
    {},
    { _meta: 1 },
    { _meta: [] },
    { capabilities: [] },
    { capabilities: { experimental: 1 } },
  ])("is absent from params %j, which pass as they are", (params) => {
    const message = request("initialize", params as Record<string, unknown> | undefined);
    expect(evidenceIn(message)).toBeUndefined();
    expect(withoutEvidence(message)).toBe(message);
  });
});

describe("a server's status", () => {
  const status: AttestationStatus = {
    version: "0.1.0",
    policy: "required",
    trustedIssuers: ["https://api.anthropic.com"],
    requiredClaims: ["iss"],
    verificationStatus: "failed",
    trustLevel: "none",
    verifiedClaims: [],
    error: "The attestation token has expired.",
    errorCode: 1001,
  };
  const answer = {
    jsonrpc: "2.0",
    id: 1,
    result: { capabilities: { tools: {}, experimental: { other: {} } } },
  } as const;

  test("rides in the answer to initialize, and reads as it was written", () => {
    const said = withStatus(answer, status);
    expect(said.result["capabilities"]).toEqual({
      tools: {},
      experimental: {
        other: {},
        [KEY]: {
          version: "0.1.0",
          policy: "required",
          trusted_issuers: ["https://api.anthropic.com"],
          required_claims: ["iss"],
          verification_status: "failed",
          trust_level: "none",
          verified_claims: [],
          error: "The attestation token has expired.",
          error_code: 1001,
        },
      },
    });
    expect(statusIn(said)).toEqual(status);
  });

  test.each(["when-bound", "always", "each-request"] as const)(
    "says that proofs are asked for: %s",
    (proof) => {
      const proving = { ...status, proof, nonce: "n".repeat(128) };
      const said = withStatus(answer, proving);
      expect(said).toMatchObject({
        result: { capabilities: { experimental: { [KEY]: { proof, nonce: "n".repeat(128) } } } },
      });
      expect(statusIn(said)).toEqual(proving);
    },
  );

  test.each<[string, object]>([
    ["a policy for proofs that it does not know", { proof: "sometimes" }],
    ["a policy for proofs that is no text", { proof: true }],
    ["a nonce that is no text", { nonce: 1 }],
    ["an empty nonce", { nonce: "" }],
    ["a nonce that is too long", { nonce: "n".repeat(129) }],
    ["a nonce with control characters", { nonce: "n\n" }],
  ])("is read without %s", (_, change) => {
    const experimental = { [KEY]: { ...writeStatus(status), ...change } };
    const said = { ...answer, result: { capabilities: { experimental } } };
    expect(statusIn(said)).toEqual(status);
  });

  test.each([
    ["no capability", {}],
    ["an unknown policy", { policy: "mandatory" }],
    ["an unknown trust level", { trust_level: "root" }],
    ["an unknown verification status", { verification_status: "maybe" }],
    ["claims that are no list", { verified_claims: "iss" }],
    ["issuers that are no texts", { trusted_issuers: [1] }],
    ["an error that is no text", { error: 1 }],
    ["a code that is no number", { error_code: "1001" }],
  ])("is not read from %s", (name, change) => {
    const said = withStatus(answer, status);
    const experimental = (said.result["capabilities"] as { experimental: Record<string, object> })
      .experimental;
    const capability = name === "no capability" ? undefined : { ...experimental[KEY], ...change };
    const changed = { ...answer, result: { capabilities: { experimental: { [KEY]: capability } } } };
    expect(statusIn(changed)).toBeUndefined();
  });
});
