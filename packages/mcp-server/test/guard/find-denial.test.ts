import { AttestationErrorCode } from "@attest/core";
import { describe, expect, test } from "vitest";
import type { Attested } from "../../src/context/attestation-context.js";
import type { CurrentCall } from "../../src/context/current-call.js";
import { findDenial } from "../../src/guard/find-denial.js";

const refusalData = () => ({ policy: "required", trusted_issuers: [], required_claims: [] });

/** A call of an attested agent, which has expired when `isExpired` says so. */
function callThat(isExpired: () => boolean): CurrentCall {
  const context = { verified: true } as Attested;
  const call = { caller: { context }, gate: {}, isOver: false, isGivenUp: false };
  return { ...call, isExpired, refusalData, noteDenial: () => undefined };
}

const met = async () => undefined;

describe("findDenial", () => {
  test("proceeds in the step in which it found the call to be vouched for", async () => {
    const log: string[] = [];
    const call = callThat(() => {
      log.push("asked");
      queueMicrotask(() => log.push("later"));
      return false;
    });
    expect(await findDenial(call, [met, met], () => void log.push("proceeds"))).toBeUndefined();
    expect(log.join(" ")).toMatch(/asked proceeds/);
    expect(log.filter((entry) => entry === "asked")).toHaveLength(3);
  });

  test.each([0, 1, 2])(
    "denies, 1001, when the token expires after %i requirements are met",
    async (times) => {
      let left = times;
      let proceeded = false;
      const call = callThat(() => left-- <= 0);
      const denial = await findDenial(call, [met, met], () => {
        proceeded = true;
      });
      expect(denial?.code).toBe(AttestationErrorCode.TOKEN_EXPIRED);
      expect(proceeded).toBe(false);
    },
  );

  test("stops at the first requirement that is not met, and does not proceed", async () => {
    const asked: string[] = [];
    const requirement = (name: string, reason?: string) => async () => {
      asked.push(name);
      return reason;
    };
    const requirements = [requirement("a"), requirement("b", "no b"), requirement("c")];
    const denial = await findDenial(
      callThat(() => false),
      requirements,
      () => asked.push("proceeds"),
    );
    expect(denial).toMatchObject({ code: AttestationErrorCode.INSUFFICIENT_TRUST, detail: "no b" });
    expect(asked).toEqual(["a", "b"]);
  });

  test("does not take an error that `proceed` throws for a denial", async () => {
    const failing = findDenial(
      callThat(() => false),
      [met],
      () => {
        throw new Error("a bug of the user's");
      },
    );
    await expect(failing).rejects.toThrow("a bug of the user's");
  });
});
