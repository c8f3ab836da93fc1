import { describe, expect, test } from "vitest";
import { isSupportedAlgorithm, readTokenHeader } from "../../src/token/token-header.js";
import { HEADER } from "../support/forge.js";

const malformed = expect.objectContaining({ code: 1008 });

describe("readTokenHeader", () => {
  test("gives alg, typ and kid, and nothing else", () => {
    expect(readTokenHeader({ ...HEADER, other: 1 })).toEqual(HEADER);
  });

  test.each(["EdDSA", "Ed25519"])("takes the algorithm %s", (alg) => {
    expect(readTokenHeader({ ...HEADER, alg }).alg).toBe(alg);
  });

  test.each([undefined, null, "", "none", "None", "eddsa", "ED25519", "Ed448", "HS256", "RS256", ["EdDSA"]])(
    "refuses the algorithm %j",
    (alg) => {
      expect(() => readTokenHeader({ ...HEADER, alg })).toThrow(malformed);
    },
  );

  test.each([
    "JWT",
    "jwt",
    "attestation+jwt",
    "Attestation+JWT",
    "application/JWT",
    "Application/attestation+jwt",
  ])("takes the type %s", (typ) => {
    expect(readTokenHeader({ ...HEADER, typ }).typ).toBe(typ);
  });

  test.each([
    undefined,
    null,
    "",
    "at+jwt",
    "attestation-pop+jwt",
    "JWT ",
    "text/JWT",
    "application/application/jwt",
    "xapplication/jwt",
    "japplication/wt",
    ["JWT"],
  ])("refuses the type %j", (typ) => {
    expect(() => readTokenHeader({ ...HEADER, typ })).toThrow(malformed);
  });

  test.each(["crit", "b64", "jwk", "jku", "x5u", "x5c"])("refuses any %s", (member) => {
    for (const value of [undefined, null, [], ["b64"], true, {}]) {
      expect(() => readTokenHeader({ ...HEADER, [member]: value })).toThrow(malformed);
    }
  });

  test.each([
    [{ jwk: {} }, 'the header has a member "jwk"'],
    [{ alg: "none" }, "alg is neither of EdDSA, Ed25519"],
    [{ typ: "at+jwt" }, "typ is neither of JWT, attestation+jwt"],
    [{ kid: "" }, "kid is not a string of 1 to 256 characters"],
  ])("names the member that is wrong in %j", (changes, detail) => {
    expect(() => readTokenHeader({ ...HEADER, ...changes })).toThrow(
      expect.objectContaining({ code: 1008, detail }),
    );
  });

  test("wants a kid of 1 to 256 characters", () => {
    expect(readTokenHeader({ ...HEADER, kid: "k".repeat(256) }).kid).toHaveLength(256);
    for (const kid of [undefined, null, "", "k".repeat(257), 1, {}]) {
      expect(() => readTokenHeader({ ...HEADER, kid })).toThrow(malformed);
    }
  });
});

describe("isSupportedAlgorithm", () => {
  test("knows the two names of Ed25519 and no other", () => {
    expect(["EdDSA", "Ed25519"].map(isSupportedAlgorithm)).toEqual([true, true]);
    expect(["none", "eddsa", "length", undefined].map(isSupportedAlgorithm)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});
