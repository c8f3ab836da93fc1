import { describe, expect, test } from "vitest";
import {
  type AttestationStatus,
  clientCapability,
  readPresented,
  readServerCapability,
  serverCapability,
} from "../src/capability.js";

const status: AttestationStatus = {
  version: "0.1.0",
  policy: "required",
  trustedIssuers: ["https://api.anthropic.com"],
  requiredClaims: ["iss"],
  verificationStatus: "verified",
  trustLevel: "provider",
  verifiedClaims: ["iss", "sub"],
};

describe("clientCapability", () => {
  test("says the version, the algorithms and the types beside the token", () => {
    expect(clientCapability("a.b.c")).toEqual({
      version: "0.1.0",
      token: "a.b.c",
      supported_algorithms: ["EdDSA", "Ed25519"],
      attestation_types: ["provider", "enterprise"],
    });
  });
});

describe("readPresented", () => {
  test("reads what clientCapability writes", () => {
    expect(readPresented(clientCapability("a.b.c"))?.token).toBe("a.b.c");
    expect(readPresented({ token: "a.b.c", proof: "d.e.f", other: 1 })).toEqual({
      token: "a.b.c",
      proof: "d.e.f",
    });
  });

  test("reads nothing where there is no capability", () => {
    expect([undefined, null].map(readPresented)).toEqual([undefined, undefined]);
  });

  test.each([{}, { token: 1 }, { token: null }, [], "a.b.c", 1, true])(
    "reads a token that no verifier can take from %j, which presents something that is none",
    (value) => {
      expect(readPresented(value)?.token).toSatisfy((token: string) => token !== "" && !token.includes("."));
    },
  );

  test("reads no proof that is not a string", () => {
    expect(readPresented({ token: "a.b.c", proof: 1 })?.proof).toBeUndefined();
  });
});

describe("serverCapability", () => {
  test("gives a status its names on the wire", () => {
    expect(serverCapability({ ...status, error: "No.", errorCode: 1001 })).toEqual({
      version: "0.1.0",
      policy: "required",
      trusted_issuers: ["https://api.anthropic.com"],
      required_claims: ["iss"],
      verification_status: "verified",
      trust_level: "provider",
      verified_claims: ["iss", "sub"],
      error: "No.",
      error_code: 1001,
    });
  });

  test("leaves out the error when there is none", () => {
    expect(serverCapability(status)).not.toHaveProperty("error");
    expect(serverCapability(status)).not.toHaveProperty("error_code");
  });
});

describe("readServerCapability", () => {
  test("reads what serverCapability writes, by way of JSON", () => {
    for (const said of [status, { ...status, error: "No.", errorCode: 1001 }]) {
      expect(readServerCapability(JSON.parse(JSON.stringify(serverCapability(said))))).toEqual(said);
    }
  });

  test("knows members it has never heard of for no mistake", () => {
    expect(readServerCapability({ ...serverCapability(status), later: 1 })).toEqual(status);
  });

  test.each([
    ["nothing", undefined],
    ["null", null],
    ["a string", "capability"],
    ["an empty object", {}],
    ["an unknown policy", { ...serverCapability(status), policy: "strict" }],
    ["an unknown status", { ...serverCapability(status), verification_status: "maybe" }],
    ["an unknown trust level", { ...serverCapability(status), trust_level: "root" }],
    ["issuers that are no list", { ...serverCapability(status), trusted_issuers: "i" }],
    ["claims that are no strings", { ...serverCapability(status), verified_claims: [1] }],
    ["an error code that is no number", { ...serverCapability(status), error_code: "1001" }],
  ])("reads %s as no capability", (_, value) => {
    expect(readServerCapability(value)).toBeUndefined();
  });
});
