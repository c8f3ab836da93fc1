import { describe, expect, test } from "vitest";
import { KeyPair } from "../../../src/keys/key-pair.js";
import { issuer } from "../../../src/verify/checks/issuer.js";
import { ISSUER } from "../../support/attested.js";
import { refusing, runCheck } from "../../support/context.js";
import { forge, HEADER, PAYLOAD } from "../../support/forge.js";

const keyPair = KeyPair.generate("key-1");
const claiming = (claims: object): string => forge(keyPair, HEADER, { ...PAYLOAD, ...claims });
const ofType = (attestation_type: string): string =>
  claiming({ attestation_metadata: { ...PAYLOAD.attestation_metadata, attestation_type } });
const ofProvider = (provider: string): string =>
  claiming({ agent_identity: { ...PAYLOAD.agent_identity, provider } });

describe("issuer", () => {
  test("passes a token of a trusted issuer, and refuses any other's, 1004", async () => {
    const check = issuer({ trustedIssuers: ["https://other.example", ISSUER] });
    await runCheck(check, claiming({}));
    await expect(runCheck(check, claiming({ iss: "https://third.example" }))).rejects.toEqual(refusing(1004));
    await expect(runCheck(check, claiming({ iss: "" }))).rejects.toEqual(refusing(1004));
  });

  test("passes a subject in the issuer's own trust domain, and refuses one in another, 1004", async () => {
    const check = issuer({ trustedIssuers: [ISSUER] });
    for (const domain of ["anthropic.com", "api.anthropic.com"]) {
      await runCheck(check, claiming({ sub: `spiffe://${domain}/m` }));
    }
    for (const domain of [
      "com",
      "openai.com",
      "x.api.anthropic.com",
      "notanthropic.com",
      "anthropic.com.evil.com",
    ]) {
      await expect(runCheck(check, claiming({ sub: `spiffe://${domain}/m` }))).rejects.toEqual(
        refusing(1004),
      );
    }
  });

  test("passes a subject in the trust domains it is told, and refuses one in the issuer's own then", async () => {
    const check = issuer({ trustedIssuers: [{ issuer: ISSUER, trustDomains: ["corp.example"] }] });
    await runCheck(check, claiming({ sub: "spiffe://corp.example/m" }));
    await expect(runCheck(check, claiming({}))).rejects.toEqual(refusing(1004));
  });

  test("passes a subject in any trust domain when null says so", async () => {
    const check = issuer({ trustedIssuers: [{ issuer: ISSUER, trustDomains: null }] });
    await runCheck(check, claiming({ sub: "spiffe://openai.com/m" }));
  });

  test("passes the providers it is told, and refuses another, 1004", async () => {
    const check = issuer({ trustedIssuers: [{ issuer: ISSUER, providers: ["anthropic"] }] });
    await runCheck(check, ofProvider("anthropic"));
    for (const provider of ["openai", "Anthropic", "anthropic "]) {
      await expect(runCheck(check, ofProvider(provider))).rejects.toEqual(refusing(1004));
    }
  });

  test("passes attestations up to the issuer's level, and refuses higher ones, 1004", async () => {
    const provider = issuer({ trustedIssuers: [ISSUER] });
    const enterprise = issuer({ trustedIssuers: [{ issuer: ISSUER, trustLevel: "enterprise" }] });
    await runCheck(provider, ofType("provider"));
    await runCheck(provider, ofType("enterprise"));
    await runCheck(enterprise, ofType("enterprise"));
    await expect(runCheck(enterprise, ofType("provider"))).rejects.toEqual(refusing(1004));
  });

  test.each([
    ['"https://a.example\\u000a" is not a trusted issuer', claiming({ iss: "https://a.example\n" })],
    [
      "the issuer may not attest the trust domain openai.com, but api.anthropic.com, anthropic.com: see trustDomains, and createToken's subject",
      claiming({ sub: "spiffe://openai.com/m" }),
    ],
    ['the issuer may not attest the provider "open\\u000aai"', ofProvider("open\nai")],
    ["the issuer may not attest as provider", ofType("provider")],
  ])("says that %s", async (detail, token) => {
    const check = issuer({
      trustedIssuers: [{ issuer: ISSUER, trustLevel: "enterprise", providers: ["anthropic"] }],
    });
    await expect(runCheck(check, token)).rejects.toEqual(refusing(1004, detail));
  });

  test("advertises whom it trusts", () => {
    const trustedIssuers = ["https://a.example", { issuer: "https://b.example" }];
    expect(issuer({ trustedIssuers }).advertises?.trustedIssuers).toEqual([
      "https://a.example",
      "https://b.example",
    ]);
  });

  test("is not made without anybody to trust", () => {
    expect(() => issuer({ trustedIssuers: [] })).toThrow(/^trustedIssuers /);
  });
});
