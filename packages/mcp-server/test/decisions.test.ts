import { AttestationErrorCode, KeyPair, type VerificationPolicy } from "@attest/core";
import { describe, expect, test } from "vitest";
import { decideHandshake, decideRenewal } from "../src/gate/decisions.ts";
import { judge, type Verdict } from "../src/gate/verdict.ts";
import { Issuer, opus } from "./support/agents.ts";

const request = { jsonrpc: "2.0", id: 1, method: "initialize" } as const;
const issuer = new Issuer();

async function verdictOn(token: string | undefined, policy: VerificationPolicy = "required") {
  const verifier = issuer.verifier({ policy });
  const evidence = token === undefined ? undefined : { token };
  return { verifier, verdict: await judge(evidence, request, { verifier, verificationTimeoutSeconds: 5 }) };
}

const FAILED: Verdict = { wasPresented: true, result: undefined, failure: new Error("down") };

describe("decideHandshake", () => {
  test("admits a verified agent under every policy, as itself", async () => {
    for (const policy of ["required", "preferred", "optional"] as const) {
      const { verdict, verifier } = await verdictOn(await issuer.token(), policy);
      expect(decideHandshake(verdict, verifier)).toMatchObject({
        kind: "admit",
        caller: { context: { verified: true, subject: "spiffe://anthropic.com/model/claude-sonnet-4" } },
      });
    }
  });

  test.each([
    ["required", undefined, 1009],
    ["required", "not.a.token", 1008],
  ] as const)(
    "refuses under %s what presents %s, with its code and what the server asks for",
    async (policy, token, code) => {
      const { verdict, verifier } = await verdictOn(token, policy);
      expect(decideHandshake(verdict, verifier)).toMatchObject({
        kind: "refuse",
        error: { code, data: { policy, trusted_issuers: ["https://api.anthropic.com"] } },
      });
    },
  );

  test.each([
    [undefined, 1009],
    ["not.a.token", 1008],
  ] as const)(
    "admits nobody in particular under preferred and optional for %s, and knows why",
    async (token, code) => {
      for (const policy of ["preferred", "optional"] as const) {
        const { verdict, verifier } = await verdictOn(token, policy);
        expect(decideHandshake(verdict, verifier)).toMatchObject({
          kind: "admit",
          caller: { context: { verified: false }, unattestedBecause: code },
        });
      }
    },
  );

  test("says no more than that it failed when the verifier did", () => {
    expect(decideHandshake(FAILED, issuer.verifier())).toEqual({
      kind: "refuse",
      error: { code: -32603, message: "Internal error" },
    });
    expect(decideHandshake(FAILED, issuer.verifier({ policy: "optional" }))).toMatchObject({ kind: "admit" });
  });
});

describe("decideRenewal", () => {
  async function callerOf(token: string) {
    const { verdict, verifier } = await verdictOn(token);
    const decision = decideHandshake(verdict, verifier);
    if (decision.kind !== "admit") throw new Error("the agent was not admitted");
    return decision.caller;
  }

  test("goes on with the same agent", async () => {
    const current = await callerOf(await issuer.token());
    const { verdict, verifier } = await verdictOn(await issuer.token());
    expect(decideRenewal(current, verdict, verifier)).toMatchObject({
      kind: "admit",
      caller: { context: { verified: true } },
    });
  });

  test("refuses another subject, and what cannot be verified, whatever the policy", async () => {
    const current = await callerOf(await issuer.token());
    for (const [token, code] of [
      [await issuer.token({ identity: opus }), AttestationErrorCode.UNKNOWN_ISSUER],
      ["not.a.token", AttestationErrorCode.MALFORMED_TOKEN],
    ] as const) {
      const { verdict, verifier } = await verdictOn(token, "optional");
      expect(decideRenewal(current, verdict, verifier)).toMatchObject({
        kind: "refuse",
        error: { code },
        denial: { code },
      });
    }
  });

  test("refuses another key than the session's, or none where the session's token had one", async () => {
    const [own, another] = [KeyPair.generate(), KeyPair.generate()].map(({ publicKey }) => publicKey.toJwk());
    const verifier = issuer.verifier();
    const { verdict } = await verdictOn(await issuer.token());
    const { result } = verdict;
    if (!result?.verified || own === undefined || another === undefined) throw new Error("not verified");
    const boundTo = (jwk: typeof own | undefined): Verdict => ({
      wasPresented: true,
      result: { ...result, claims: { ...result.claims, cnf: jwk && { jwk } } },
    });
    const current = decideHandshake(boundTo(own), verifier);
    if (current.kind !== "admit") throw new Error("not admitted");
    expect(decideRenewal(current.caller, boundTo(own), verifier).kind).toBe("admit");
    for (const jwk of [another, undefined]) {
      expect(decideRenewal(current.caller, boundTo(jwk), verifier)).toMatchObject({
        kind: "refuse",
        error: { code: 1004 },
      });
    }
  });

  test("makes an agent of a session that had none", async () => {
    const { verdict: nothing, verifier } = await verdictOn(undefined, "optional");
    const anonymous = decideHandshake(nothing, verifier);
    if (anonymous.kind !== "admit") throw new Error("not admitted");
    const { verdict } = await verdictOn(await issuer.token());
    expect(decideRenewal(anonymous.caller, verdict, verifier)).toMatchObject({
      kind: "admit",
      caller: { context: { verified: true } },
    });
  });
});
