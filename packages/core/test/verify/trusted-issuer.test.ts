import { describe, expect, test } from "vitest";
import { readTrustedIssuers, type TrustedIssuer } from "../../src/verify/trusted-issuer.js";

function trustDomainsOf(entry: string | TrustedIssuer): readonly string[] | null | undefined {
  const [trust] = readTrustedIssuers([entry]).values();
  return trust?.trustDomains && [...trust.trustDomains];
}

describe("readTrustedIssuers", () => {
  test("fills in a bare issuer: provider level, any provider, the trust domains of its host", () => {
    expect(readTrustedIssuers(["https://api.anthropic.com"]).get("https://api.anthropic.com")).toEqual({
      issuer: "https://api.anthropic.com",
      trustLevel: "provider",
      trustDomains: new Set(["api.anthropic.com", "anthropic.com"]),
      providers: null,
    });
  });

  test("takes the root's dot at the end of a host for no label, so that nobody may attest a bare com", () => {
    const issuer = "https://api.anthropic.com.";
    expect(readTrustedIssuers([issuer]).get(issuer)?.trustDomains).toEqual(
      new Set(["api.anthropic.com", "anthropic.com"]),
    );
  });

  test("keeps what it is told", () => {
    const entry = {
      issuer: "i",
      trustLevel: "enterprise",
      trustDomains: ["a.example"],
      providers: ["p"],
    } as const;
    expect(readTrustedIssuers([entry]).get("i")).toEqual({
      issuer: "i",
      trustLevel: "enterprise",
      trustDomains: new Set(["a.example"]),
      providers: new Set(["p"]),
    });
  });

  test.each([
    ["https://a.b.example.com:8443/path", ["a.b.example.com", "b.example.com", "example.com"]],
    ["https://example.com", ["example.com"]],
    ["https://1st.example.com", ["1st.example.com", "example.com"]],
    ["https://a.example.cluster1", ["a.example.cluster1", "example.cluster1"]],
    ["https://API.Example.com", ["api.example.com", "example.com"]],
    ["http://localhost:3000", ["localhost"]],
    ["http://127.0.0.1:3000", ["127.0.0.1"]],
  ])("trusts %s for %j and nothing else", (issuer, trustDomains) => {
    expect(trustDomainsOf(issuer)).toEqual(trustDomains);
  });

  test("takes issuers with one parent domain once one of them is told its trust domains, and names of any form then", () => {
    const told = { issuer: "https://b.example.com/", trustDomains: ["b.example.com"] };
    expect([...readTrustedIssuers(["https://a.example.com", told]).keys()]).toHaveLength(2);
    expect(trustDomainsOf({ issuer: "accounts.google.com", trustDomains: ["google.com"] })).toEqual([
      "google.com",
    ]);
  });

  test("reads 10,000 issuers in no time", () => {
    const issuers = Array.from({ length: 10_000 }, (_, index) => `https://issuer-${index}.example`);
    expect(readTrustedIssuers(issuers).size).toBe(10_000);
  });

  test("trusts an issuer for any trust domain only where null says so", () => {
    expect(trustDomainsOf({ issuer: "https://a.example.com", trustDomains: null })).toBeNull();
    expect(trustDomainsOf({ issuer: "https://a.example.com", trustDomains: [] })).toEqual([]);
    expect(trustDomainsOf({ issuer: "https://example.com", trustDomains: undefined })).toEqual([
      "example.com",
    ]);
  });

  test.each([
    ["trustedIssuers", []],
    ["trustedIssuers", undefined],
    ["trustedIssuers", "https://a.example"],
    ["issuer", [""]],
    ["trustedIssuers takes an object", [null]],
    ["trustlevel", [{ issuer: "i", trustlevel: "enterprise" }]],
    ["issuer", [{}]],
    ['did you mean "trustDomains"', [{ issuer: "i", trustDomain: ["a.example"] }]],
    ["trustLevel", [{ issuer: "i", trustLevel: "none" }]],
    ["trustLevel", [{ issuer: "i", trustLevel: "root" }]],
    ["trustDomains", [{ issuer: "i", trustDomains: "a.example" }]],
    ["trustDomains", [{ issuer: "i", trustDomains: [1] }]],
    ['"spiffe://a.example" is not a trust domain', [{ issuer: "i", trustDomains: ["spiffe://a.example"] }]],
    ['"A.example" is not a trust domain', [{ issuer: "i", trustDomains: ["A.example"] }]],
    ['"a.example/" is not a trust domain', [{ issuer: "i", trustDomains: ["a.example/"] }]],
    ['"" is not a trust domain', [{ issuer: "i", trustDomains: [""] }]],
    ["no trust domain follows", ["http://[::1]:3000"]],
    ["no trust domain follows", ["not-a-URL"]],
    ['such as "https://accounts.google.com"', ["accounts.google.com"]],
    ["ends with a slash", ["https://a.example/"]],
    ["ends with a slash", [{ issuer: "https://a.example:8443/", trustLevel: "enterprise" }]],
    ["is no issuer's name", [" https://a.example"]],
    ["is no issuer's name", ["https://a.example\n"]],
    ["is no issuer's name", ["https://a.example/?tenant=1"]],
    ["is no issuer's name", ["https://a.example#x"]],
    ["a name is no issuer's name", ["https://user:secret@a.example/"]],
    ["speak for agents of example.com", ["https://a.example.com", "https://b.example.com"]],
    ["speak for agents of a.example", ["https://a.example", "http://a.example:8080/path"]],
    ["speak for agents of 127.0.0.1", ["http://127.0.0.1:1", "http://127.0.0.1:2"]],
    ["providers", [{ issuer: "i", providers: undefined }]],
    ["providers", [{ issuer: "i", providers: "p" }]],
    ["providers", [{ issuer: "i", providers: null }]],
    ["twice", ["https://i.example", { issuer: "https://i.example" }]],
  ])("names the %s that is wrong in %j", (named, trustedIssuers) => {
    const read = () => readTrustedIssuers(trustedIssuers as readonly TrustedIssuer[]);
    expect(read).toThrow(TypeError);
    expect(read).toThrow(named);
  });
});
