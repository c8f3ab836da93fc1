import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { describeErrorClasses } from "../../../test-support/error-classes.ts";
import { AttestationError, AttestationErrorCode, isAttestationError } from "../src/errors.js";
import * as exported from "../src/index.js";

describeErrorClasses({
  exported,
  packageFolder: new URL("../", import.meta.url),
  samples: { AttestationError: [1001] },
});

describe("AttestationErrorCode", () => {
  test("has the codes of the protocol", () => {
    expect(AttestationErrorCode).toEqual({
      TOKEN_EXPIRED: 1001,
      TOKEN_NOT_YET_VALID: 1002,
      INVALID_SIGNATURE: 1003,
      UNKNOWN_ISSUER: 1004,
      INVALID_AUDIENCE: 1005,
      REPLAY_DETECTED: 1006,
      MISSING_CLAIMS: 1007,
      MALFORMED_TOKEN: 1008,
      ATTESTATION_REQUIRED: 1009,
      KEY_UNAVAILABLE: 1010,
      REPLAY_CACHE_UNAVAILABLE: 1011,
      INVALID_PROOF: 1012,
      INSUFFICIENT_TRUST: 1013,
    });
  });
});

describe("AttestationError", () => {
  test("has a fixed sentence of its own for every code", () => {
    const sentences = Object.values(AttestationErrorCode).map(
      (code) => new AttestationError(code, "detail").message,
    );
    expect(new Set(sentences).size).toBe(13);
    for (const sentence of sentences) expect(sentence).toMatch(/^[A-Z][^.]*[a-z]\.$/);
  });

  test("keeps code, check and cause", () => {
    const cause = new Error("outage");
    const error = new AttestationError(1010, "detail", { check: "signature", cause });
    expect(error).toMatchObject({ name: "AttestationError", code: 1010, check: "signature", cause });
    expect(error).toBeInstanceOf(Error);
    expect(new AttestationError(1010)).not.toHaveProperty("cause");
  });

  test("shows its detail to those who ask for it, and in no JSON, message or spread", () => {
    const error = new AttestationError(1008, "what exactly was wrong");
    expect(error.detail).toBe("what exactly was wrong");
    expect(JSON.stringify(error)).not.toContain("exactly");
    expect(JSON.stringify({ ...error })).not.toContain("exactly");
    expect(String(error)).not.toContain("exactly");
    expect(inspect(error)).not.toContain("exactly");
  });

  test.each([1000, 1014, "toString", undefined])("is not made with the code %s", (code) => {
    expect(() => new AttestationError(code as AttestationErrorCode)).toThrow(RangeError);
  });
});

describe("isAttestationError", () => {
  test("knows an error of another copy of the package by its brand", () => {
    const foreign = Object.assign(new Error(), {
      code: 1001,
      [Symbol.for("@attest/AttestationError")]: true,
    });
    expect(isAttestationError(foreign)).toBe(true);
    expect(isAttestationError(Object.assign(foreign, { code: 9999 }))).toBe(false);
    expect(isAttestationError(new AttestationError(1001))).toBe(true);
  });

  test("knows nothing else for one", () => {
    for (const value of [new Error(), { code: 1001 }, null, undefined, "1001", 1001]) {
      expect(isAttestationError(value)).toBe(false);
    }
  });
});
