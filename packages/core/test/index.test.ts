import { describe, expect, test } from "vitest";
import * as core from "../src/index.js";

describe("@attest/core", () => {
  test("speaks version 0.1.0 under its own key", () => {
    expect(core.ATTESTATION_VERSION).toBe("0.1.0");
    expect(core.ATTESTATION_CAPABILITY_KEY).toBe("security.attestation");
  });

  test("has the closed sets of the protocol", () => {
    expect(core.AttestationType).toEqual({ PROVIDER: "provider", ENTERPRISE: "enterprise" });
    expect(core.SafetyLevel).toEqual({ STANDARD: "standard", ENHANCED: "enhanced", MINIMAL: "minimal" });
    expect(core.VerificationPolicy).toEqual({
      REQUIRED: "required",
      PREFERRED: "preferred",
      OPTIONAL: "optional",
    });
    expect(core.TrustLevel).toEqual({ PROVIDER: "provider", ENTERPRISE: "enterprise", NONE: "none" });
  });
});
