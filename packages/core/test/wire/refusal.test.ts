import { describe, expect, test } from "vitest";
import { AttestationErrorCode } from "../../src/errors.js";
import { type Requirements, readRefusal, writeRefusal } from "../../src/wire.js";

const asked: Requirements = {
  policy: "required",
  trustedIssuers: ["https://a.example"],
  requiredClaims: ["iss", "sub"],
  audience: ["https://mcp.example"],
};

describe("a refusal", () => {
  test("says the code's fixed sentence, its name and what the server asks for", () => {
    expect(writeRefusal(1001, asked)).toEqual({
      code: 1001,
      message: "The attestation token has expired.",
      data: {
        reason: "token_expired",
        policy: "required",
        trusted_issuers: ["https://a.example"],
        required_claims: ["iss", "sub"],
      },
    });
  });

  test.each(Object.values(AttestationErrorCode))("with %i reads as it was written", (code) => {
    const withAudience = [1005, 1009, 1012].includes(code);
    const { audience, ...others } = asked;
    expect(readRefusal(writeRefusal(code, asked))).toEqual({
      code,
      requirements: withAudience ? { ...others, audience } : others,
    });
  });

  test("tells the audience that the server verifies where a wrong one may be the reason, and only there", () => {
    const told = Object.values(AttestationErrorCode).filter((code) =>
      Object.hasOwn(writeRefusal(code, asked).data as object, "audience"),
    );
    expect(told).toEqual([1005, 1009, 1012]);
  });

  test("names at most 16 issuers and says how many there are: a stranger's 300 bytes buy no more than 2 kB", () => {
    const trustedIssuers = Array.from({ length: 10_000 }, (_, index) => `https://issuer-${index}.example`);
    const refusal = writeRefusal(1009, { ...asked, trustedIssuers });
    const data = refusal.data as { trusted_issuers: string[]; trusted_issuers_total: number };
    expect(data.trusted_issuers).toEqual(trustedIssuers.slice(0, 16));
    expect(data.trusted_issuers_total).toBe(10_000);
    expect(JSON.stringify(refusal).length).toBeLessThan(2048);
    expect(readRefusal(refusal)?.requirements.trustedIssuersTotal).toBe(10_000);
  });

  test("answers a stranger with 5 kB at most, whatever list of the server's is long", () => {
    const many = (of: string) => Array.from({ length: 10_000 }, (_, index) => `${of}-${index}`);
    const requirements = {
      ...asked,
      trustedIssuers: many("https://issuer.example"),
      requiredClaims: many("claim"),
      audience: many("https://mcp.example"),
    };
    for (const code of Object.values(AttestationErrorCode)) {
      expect(JSON.stringify(writeRefusal(code, requirements)).length).toBeLessThan(5000);
    }
    const { audience, required_claims } = writeRefusal(1009, requirements).data as Record<string, string[]>;
    expect(audience).toEqual(requirements.audience.slice(0, 16));
    expect(required_claims).toEqual(requirements.requiredClaims.slice(0, 64));
  });

  test("names issuers of 1024 characters together at most", () => {
    const trustedIssuers = Array.from({ length: 5 }, (_, index) => `https://${String(index).repeat(392)}`);
    const data = writeRefusal(1009, { ...asked, trustedIssuers }).data as { trusted_issuers: string[] };
    expect(data.trusted_issuers).toEqual(trustedIssuers.slice(0, 2));
  });

  test.each([
    undefined,
    null,
    {},
    { code: 1001 },
    { code: 1001, data: { policy: "required" } },
    { code: 1001, data: { policy: "required", trusted_issuers: [], required_claims: [1] } },
    { code: -32602, data: writeRefusal(1001, asked).data },
    { code: "1001", data: writeRefusal(1001, asked).data },
  ])("is not read from another error: %j", (error) => {
    expect(readRefusal(error)).toBeUndefined();
  });

  test("carries the nonce of a challenge", () => {
    const refusal = writeRefusal(1012, { ...asked, proof: "always" }, "n");
    expect(refusal.data).toMatchObject({ reason: "invalid_proof", proof: "always", nonce: "n" });
    expect(readRefusal(refusal)).toEqual({
      code: 1012,
      requirements: { ...asked, proof: "always" },
      nonce: "n",
    });
  });

  test("has no member for a nonce where there is no challenge", () => {
    expect(writeRefusal(1012, asked).data).not.toHaveProperty("nonce");
    expect(readRefusal(writeRefusal(1012, asked))).not.toHaveProperty("nonce");
  });

  test.each([1, null, "", "n".repeat(129), "n n", "n\n", "é", ["n"]])(
    "is read without a nonce that is %j",
    (nonce) => {
      const { data, ...error } = writeRefusal(1012, asked);
      expect(readRefusal({ ...error, data: { ...(data as object), nonce } })).toEqual({
        code: 1012,
        requirements: asked,
      });
    },
  );

  test.each(["when-bound", "always", "each-request"] as const)(
    "says that proofs are asked for: %s",
    (proof) => {
      for (const code of Object.values(AttestationErrorCode)) {
        const refusal = writeRefusal(code, { ...asked, proof });
        expect(refusal.data).toMatchObject({ proof });
        expect(readRefusal(refusal)?.requirements.proof).toBe(proof);
      }
    },
  );

  test.each([null, "sometimes", true, ["always"]])("is read without a proof policy %j", (proof) => {
    const { data, ...error } = writeRefusal(1001, asked);
    const read = readRefusal({ ...error, data: { ...(data as object), proof } });
    expect(read?.requirements).not.toHaveProperty("proof");
  });
});
