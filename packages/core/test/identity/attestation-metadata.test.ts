import { describe, expect, test } from "vitest";
import {
  AttestationMetadata,
  type AttestationMetadataOptions,
  AttestationType,
  areCapabilities,
  isCompatibleVersion,
  SafetyLevel,
} from "../../src/identity/attestation-metadata.js";

describe("AttestationMetadata", () => {
  test("is a provider's, of this version, at the standard level, with no capabilities, by default", () => {
    expect({ ...new AttestationMetadata() }).toEqual({
      attestationVersion: "0.1.0",
      attestationType: "provider",
      safetyLevel: "standard",
      capabilitiesDeclared: [],
    });
  });

  test.each(Object.values(AttestationType))("can be of the type %s", (attestationType) => {
    expect(new AttestationMetadata({ attestationType }).attestationType).toBe(attestationType);
  });

  test.each(Object.values(SafetyLevel))("can be of the safety level %s", (safetyLevel) => {
    expect(new AttestationMetadata({ safetyLevel }).safetyLevel).toBe(safetyLevel);
  });

  test("keeps a list of capabilities that nobody can change afterwards", () => {
    const capabilitiesDeclared = ["tool_use"];
    const metadata = new AttestationMetadata({ capabilitiesDeclared });
    capabilitiesDeclared.push("code_execution");
    expect(metadata.capabilitiesDeclared).toEqual(["tool_use"]);
    expect(metadata.capabilitiesDeclared).toSatisfy(Object.isFrozen);
  });

  test.each([
    ["attestationVersion", { attestationVersion: "0.2.0" }],
    ["attestationType", { attestationType: "self" }],
    ["attestationType", { attestationType: "toString" }],
    ["safetyLevel", { safetyLevel: "none" }],
    ["safetyLevel", { safetyLevel: null }],
    ["capabilitiesDeclared", { capabilitiesDeclared: "tool_use" }],
    ["capabilitiesDeclared", { capabilitiesDeclared: [1] }],
  ])("names a wrong %s", (member, options) => {
    expect(() => new AttestationMetadata(options as AttestationMetadataOptions)).toThrow(TypeError);
    expect(() => new AttestationMetadata(options as AttestationMetadataOptions)).toThrow(member);
  });
});

describe("areCapabilities", () => {
  test("takes 64 strings and not 65", () => {
    expect(areCapabilities(Array(64).fill("x"))).toBe(true);
    expect(areCapabilities(Array(65).fill("x"))).toBe(false);
  });
});

describe("isCompatibleVersion", () => {
  test.each(["0.1.0", "0.1.7", "0.1.0-rc.1", "0.1.12+build"])("takes %s", (version) => {
    expect(isCompatibleVersion(version)).toBe(true);
  });

  test.each(["0.2.0", "1.1.0", "0.1", "0.10.0", "00.1.0", "v0.1.0", "0.1.0\n", "", 0.1, null])(
    "refuses %j",
    (version) => {
      expect(isCompatibleVersion(version)).toBe(false);
    },
  );
});
