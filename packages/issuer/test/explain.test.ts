import { FixedClock } from "@attest/core/testing";
import { describe, expect, test } from "vitest";
import { explain, readTrustPolicy } from "../src/index.js";
import { AUDIENCE, ISSUER, plainClaims, plainPolicy } from "./support/issuing.ts";
import { signingKey } from "./support/signing-key.ts";

const IDP = "https://idp.corp.example";
const key = await signingKey();
const clock = new FixedClock();
const claims = (changes: object = {}) => plainClaims(IDP, clock.now(), changes) as Record<string, unknown>;
const [first] = (plainPolicy(IDP) as { rules: object[] }).rules;
const policy = readTrustPolicy({
  platforms: { corp: { issuer: IDP, audience: ISSUER } },
  rules: [
    { ...first, name: "ops", claims: { sub: "ops", env: "prod" }, audiences: ["https://ops.corp.example"] },
    first,
  ],
});

describe("explain", () => {
  test("names the rule that allows a token, and how it differs from the others", async () => {
    expect(explain(policy, await key.sign(claims()), { clock })).toEqual({
      allowed: true,
      rule: "support agent",
      platform: "corp",
      problems: [],
      rules: [
        { rule: "ops", problems: ['sub is "support", and not "ops"', "env is missing"] },
        { rule: "support agent", problems: [] },
      ],
    });
  });

  test("says the same of claims alone", () => {
    expect(explain(policy, claims(), { clock })).toMatchObject({ allowed: true, rule: "support agent" });
  });

  test("names for each rule the claim that differs, and the audience", () => {
    expect(explain(policy, claims({ sub: "other" }), { clock, audience: AUDIENCE })).toEqual({
      allowed: false,
      rule: null,
      platform: "corp",
      problems: [],
      rules: [
        {
          rule: "ops",
          problems: ['sub is "other", and not "ops"', "env is missing", "the audience is not allowed"],
        },
        { rule: "support agent", problems: ['sub is "other", and not "support"'] },
      ],
    });
  });

  test("names everything that is wrong with the token itself, whatever the rules say", async () => {
    const token = await key.sign(claims({ aud: "other", exp: clock.now() - 60 }), { typ: "dpop+jwt" });
    expect(explain(policy, token, { clock })).toMatchObject({
      allowed: false,
      rule: "support agent",
      problems: [
        'typ is "dpop+jwt", which is no token of such a platform',
        `aud is not ${ISSUER} alone`,
        "the token has expired",
      ],
    });
  });

  test.each([
    ["junk", "junk", "the token is malformed: a compact JWS has three segments"],
    [
      "a token of another issuer",
      claims({ iss: "https://other.example" }),
      "the policy names no platform of this token",
    ],
    ["an attestation", claims({ attestation_metadata: {} }), "an attestation is no subject token"],
  ])("says of %s why it is nothing", (_what, token, problem) => {
    expect(explain(policy, token, { clock })).toMatchObject({ allowed: false, problems: [problem] });
  });

  test("refuses arguments of its own that are wrong", () => {
    expect(() => explain({} as never, claims())).toThrow("what readTrustPolicy returns");
    expect(() => explain(policy, 7 as never)).toThrow("token must be text or claims");
    expect(() => explain(policy, claims(), { audeince: "x" } as never)).toThrow('did you mean "audience"');
  });
});
