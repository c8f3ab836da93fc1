import { describe, expect, test } from "vitest";
import { AgentIdentity } from "../../src/identity/agent-identity.js";
import { KeyPair } from "../../src/keys/key-pair.js";
import { FixedClock, TestIssuer, type TestIssuerOptions, type TestTokenOptions } from "../../src/testing.js";
import type { AttestationProvider } from "../../src/token/attestation-provider.js";
import { decodeToken } from "../../src/token/decode-token.js";
import {
  AttestationVerifier,
  type AttestationVerifierOptions,
} from "../../src/verify/attestation-verifier.js";

const claude = new AgentIdentity({
  modelFamily: "claude-4",
  modelVersion: "claude-sonnet-4",
  provider: "anthropic",
});

async function verdict(issuer: TestIssuer, token: TestTokenOptions = {}) {
  return issuer.createVerifier().verify(await issuer.createToken(token));
}

describe("TestIssuer", () => {
  test("makes tokens that its verifiers verify, without any options", async () => {
    expect(await verdict(new TestIssuer())).toMatchObject({
      verified: true,
      issuer: "https://api.example.com",
      subject: "spiffe://example.com/model/m-1-small",
      trustLevel: "provider",
    });
  });

  test.each<[string, TestIssuerOptions]>([
    ["issuer", { issuer: "https://login.acme.test" }],
    ["issuer that is no URL", { issuer: "acme" }],
    ["identity", { identity: claude }],
    ["trust domain", { trustDomain: "agents.acme.test" }],
    ["audience", { audience: "https://other.example" }],
    ["key pair", { keyPair: KeyPair.generate() }],
    ["clock", { clock: new FixedClock(1000) }],
  ])("makes tokens that its verifiers verify, whatever its %s", async (_option, options) => {
    expect(await verdict(new TestIssuer(options))).toMatchObject({ verified: true });
  });

  test("is trusted by a verifier that is told nothing but its name and its keys", async () => {
    const testIssuer = new TestIssuer();
    const { issuer, keyResolver, audience } = testIssuer;
    const verifier = new AttestationVerifier({ trustedIssuers: [issuer], keyResolver, audience });
    expect(await verifier.verify(await testIssuer.createToken())).toMatchObject({ verified: true });
  });

  test("puts every agent into its own trust domain, unless a subject is given", async () => {
    const issuer = new TestIssuer({ trustDomain: "agents.acme.test" });
    expect(await verdict(issuer, { identity: claude })).toMatchObject({
      subject: "spiffe://agents.acme.test/model/claude-sonnet-4",
    });
    expect(await verdict(issuer, { subject: "spiffe://evil.example/x" })).toMatchObject({ errorCode: 1004 });
  });

  test("needs no trust domain from an identity that follows none, where it is given one", () => {
    const identity = new AgentIdentity({ modelFamily: "m", modelVersion: "m 1", provider: "Acme Inc." });
    expect(() => new TestIssuer({ identity })).toThrow(/is not a SPIFFE ID/);
    const lookalike = { toSpiffeId: () => "acme" } as AgentIdentity;
    expect(() => new TestIssuer({ identity: lookalike })).toThrow(/^trustDomain must be a trust domain/);
    expect(new TestIssuer({ identity, trustDomain: "acme.test" }).trustDomain).toBe("acme.test");
  });

  test("hands a token's options on", async () => {
    const token = await new TestIssuer().createToken({ audience: ["a", "b"], lifetimeSeconds: 7 });
    const { aud, iat, exp } = decodeToken(token).claims;
    expect([aud, exp - iat]).toEqual([["a", "b"], 7]);
  });

  test("stands in for the provider of a client, which passes on every option that it has", async () => {
    const issuer = new TestIssuer();
    const provider: Pick<AttestationProvider, "createToken"> = issuer;
    const { audience } = issuer;
    const rest = { subject: undefined, integrity: undefined, metadata: undefined };
    const token = await provider.createToken({ identity: claude, audience, ...rest });
    expect(await issuer.createVerifier().verify(token)).toMatchObject({ verified: true });
  });

  test("signs in its own name with a stranger's key, on demand", async () => {
    const stranger = KeyPair.generate("key-1");
    expect(await verdict(new TestIssuer(), { keyPair: stranger })).toMatchObject({ errorCode: 1003 });
  });

  test("issues at another time, on demand", async () => {
    const clock = new FixedClock();
    const issuer = new TestIssuer({ clock });
    const at = (seconds: number) => ({ clock: new FixedClock(clock.now() + seconds) });
    expect(await verdict(issuer, at(-600))).toMatchObject({ errorCode: 1001 });
    expect(await verdict(issuer, at(600))).toMatchObject({ errorCode: 1002 });
  });

  test("has one clock with its verifiers", async () => {
    const clock = new FixedClock();
    const issuer = new TestIssuer({ clock });
    const token = await issuer.createToken();
    clock.advance(331);
    expect(await issuer.createVerifier().verify(token)).toMatchObject({ errorCode: 1001 });
  });

  test("stops being trusted when its key is taken away", async () => {
    const issuer = new TestIssuer();
    issuer.keyResolver.removeKey(issuer.issuer, issuer.keyPair.kid);
    expect(await verdict(issuer)).toMatchObject({ errorCode: 1003 });
  });

  test("makes verifiers by any option of theirs, inherited ones included", () => {
    const shared = Object.create({ policy: "optional" }) as Partial<AttestationVerifierOptions>;
    const issuer = new TestIssuer();
    expect(issuer.createVerifier(shared).policy).toBe("optional");
    expect(issuer.createVerifier({ audience: null }).audience).toBe(null);
    expect(issuer.createVerifier({ requiredClaims: ["team"] }).requiredClaims).toContain("team");
  });

  test.each<[object, RegExp]>([
    [{ issuer: "" }, /^issuer must be a non-empty string/],
    [{ trustDomain: "Acme" }, /^trustDomain must be a trust domain in lower case, .* got "Acme"$/],
    [{ trustDomain: 1 }, /^trustDomain must be .* got number$/],
    [{ identity: "claude" }, /^identity must be an AgentIdentity, got string$/],
    [{ audience: [] }, /^audience must be a non-empty string/],
    [{ keyPair: { kid: "k", alg: "EdDSA", sign: () => Uint8Array.of() } }, /^keyPair must be a KeyPair, got/],
    [{ clock: {} }, /^clock must be a Clock/],
    [{ trustDomains: ["acme.test"] }, /unknown option "trustDomains"; did you mean "trustDomain"/],
  ])("refuses %o", (options, message) => {
    expect(() => new TestIssuer(options)).toThrow(message);
  });

  test.each<[object, RegExp]>([
    [{ keypair: KeyPair.generate() }, /unknown option "keypair"; did you mean "keyPair"/],
    [{ keyPair: "secret" }, /^keyPair must be a KeyPair or another Signer/],
    [{ lifetimeSeconds: -1 }, /^lifetimeSeconds must be a positive number/],
  ])("makes no token of %o", async (options, message) => {
    await expect(new TestIssuer().createToken(options)).rejects.toThrow(message);
  });

  test.each<[object, RegExp]>([
    [{ trustedIssuer: [] }, /unknown option "trustedIssuer"; did you mean "trustedIssuers"/],
    [{ audience: undefined }, /audience is present but undefined/],
    [new Map([["policy", "optional"]]), /AttestationVerifier/],
  ])("makes no verifier of %o", (options, message) => {
    expect(() => new TestIssuer().createVerifier(options)).toThrow(message);
  });
});
