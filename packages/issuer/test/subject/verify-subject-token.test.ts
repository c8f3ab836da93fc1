import { AgentIdentity, AttestationProvider, KeyPair } from "@attest/core";
import { describe, expect, test } from "vitest";
import { AUDIENCE, ISSUER, issuing, plainClaims, plainPolicy } from "../support/issuing.ts";
import { startPlatform } from "../support/platform-server.ts";
import { signingKey } from "../support/signing-key.ts";

const key = await signingKey();

async function plain(platform: object = {}) {
  const server = await startPlatform(key);
  const made = issuing(plainPolicy(server.issuer, {}, platform));
  const { clock, observer, exchange } = made;
  const claims = (changes: object = {}) => plainClaims(server.issuer, clock.now(), changes);
  return {
    ...made,
    server,
    claims,
    /** Presents a token, which has to be refused in the one way there is; returns the reason that operators see. */
    refusal: async (token: string) => {
      const { status, body } = await exchange(token);
      expect({ status, body }).toEqual({
        status: 400,
        body: { error: "invalid_grant", error_description: "The subject token is not valid here." },
      });
      return observer.refusal.detail;
    },
  };
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

describe("a subject token is refused, without asking its platform,", () => {
  test("whose issuer the policy does not name", async () => {
    const { refusal, claims, server } = await plain();
    for (const iss of [
      `${server.issuer}/`,
      "https://evil.example",
      server.issuer.toUpperCase(),
      undefined,
      7,
      null,
    ]) {
      expect(await refusal(await key.sign(claims({ iss })))).toContain("names no platform");
    }
    expect(server.requests).toEqual([]);
  });

  test("when it is an own attestation as subject token", async () => {
    const { refusal, keyRing, clock, server, claims } = await plain();
    const provider = new AttestationProvider({ issuer: ISSUER, keyPair: keyRing, clock });
    const identity = new AgentIdentity({ modelFamily: "m", modelVersion: "m-1", provider: "acme" });
    expect(await refusal(await provider.createToken({ identity, audience: ISSUER }))).toContain(
      "attestation",
    );
    const other = new AttestationProvider({ issuer: server.issuer, keyPair: KeyPair.generate(), clock });
    expect(await refusal(await other.createToken({ identity, audience: ISSUER }))).toContain("attestation");
    expect(await refusal(await key.sign(claims({ iss: ISSUER })))).toContain("attestation");
    for (const typ of ["attestation+jwt", "Attestation-PoP+JWT", "application/attestation+jwt"])
      expect(await refusal(await key.sign(claims(), { typ }))).toBe("an attestation is no subject token");
    expect(server.requests).toEqual([]);
  });

  test.each([
    ["another audience", { aud: AUDIENCE }, "aud"],
    ["no audience", { aud: undefined }, "aud"],
    ["a further audience, which could use it here", { aud: [ISSUER, "https://other.example"] }, "aud"],
    ["an empty list of audiences", { aud: [] }, "aud"],
    ["no subject", { sub: undefined }, "sub"],
    ["a subject that is no text", { sub: 7 }, "sub"],
    ["no exp", { exp: undefined }, "exp is missing"],
    ["an exp that is text", { exp: "9999999999" }, "exp is no time"],
    ["an nbf that is text", { nbf: "0" }, "nbf is no time"],
    ["a negative iat", { iat: -1 }, "iat is no time"],
  ])("with %s", async (_what, changes, reason) => {
    const { refusal, claims, server } = await plain();
    const { kid, alg } = key;
    const header = { alg, kid, typ: "JWT" };
    const signature = (await key.sign(claims())).split(".")[2];
    expect(await refusal(`${encode(header)}.${encode(claims(changes))}.${signature}`)).toContain(reason);
    expect(server.requests).toEqual([]);
  });

  test.each([
    ["alg none", { alg: "none" }, "alg"],
    ["alg NONE", { alg: "NONE" }, "alg"],
    ["alg HS256", { alg: "HS256" }, "alg"],
    ["alg ES512", { alg: "ES512" }, "alg"],
    ["alg PS512", { alg: "PS512" }, "alg"],
    ["an alg that is inherited by every object", { alg: "toString" }, "alg"],
    ["no kid", { kid: undefined }, "kid"],
    ["an empty kid", { kid: "" }, "kid"],
    ["a kid of 257 characters", { kid: "k".repeat(257) }, "kid"],
    ["typ dpop+jwt", { typ: "dpop+jwt" }, "typ"],
    ["typ logout+jwt", { typ: "logout+jwt" }, "typ"],
    ["a typ that is no text", { typ: 1 }, "typ"],
    ["crit", { crit: ["exp"], exp: 1 }, "extensions"],
    ["b64", { b64: false }, "extensions"],
  ])("with %s", async (_what, changes, reason) => {
    const { refusal, claims, server } = await plain();
    const header = { alg: key.alg, kid: key.kid, typ: "JWT", ...changes };
    expect(await refusal(`${encode(header)}.${encode(claims())}.AAAA`)).toContain(reason);
    expect(server.requests).toEqual([]);
  });

  test.each([
    "",
    "a",
    "a.b",
    "a.b.c",
    "a.b.c.d",
    "..",
    "e30.e30.",
    "e30.W10.AA",
    "e30.bnVsbA.AA",
    "{}",
    "é.é.é",
  ])("that is %j", async (token) => {
    const { exchange, server } = await plain();
    expect((await exchange(token)).status).toBe(400);
    expect(server.requests).toEqual([]);
  });
});

describe("the life of a subject token:", () => {
  test("it is taken until 30 seconds after exp, and not a second later", async () => {
    const { refusal, exchange, claims, clock } = await plain();
    const token = await key.sign(claims());
    clock.advance(329);
    expect((await exchange(token)).status).toBe(200);
    clock.advance(1);
    expect(await refusal(token)).toContain("expired");
  });

  test("it is taken from 30 seconds before nbf and iat, and not a second earlier", async () => {
    const { refusal, exchange, claims, clock } = await plain();
    for (const claim of ["nbf", "iat"]) {
      expect((await exchange(await key.sign(claims({ [claim]: clock.now() + 30 })))).status).toBe(200);
      expect(await refusal(await key.sign(claims({ [claim]: clock.now() + 31 })))).toMatch(/not yet|future/);
    }
  });

  test("it is bounded by the policy, whether the token says when it was issued or not", async () => {
    const { refusal, exchange, claims, clock } = await plain({ maxTokenLifetime: "10m" });
    const now = clock.now();
    expect((await exchange(await key.sign(claims({ exp: now + 630 })))).status).toBe(200);
    expect(await refusal(await key.sign(claims({ exp: now + 631 })))).toContain("longer than 600 seconds");
    expect(await refusal(await key.sign(claims({ iat: undefined, exp: now + 631 })))).toContain("longer");
    expect(await refusal(await key.sign(claims({ iat: now - 400, exp: now + 231 })))).toContain("longer");
  });
});

describe("a forged subject token is refused:", () => {
  test("with another's key under the platform's kid, or a kid that is not there", async () => {
    const { refusal, claims } = await plain();
    const forger = await signingKey("ES256", key.kid);
    expect(await refusal(await forger.sign(claims()))).toContain("signature");
    expect(await refusal(await forger.sign(claims(), { kid: "other" }))).toContain("no key");
    expect(await refusal(await forger.sign(claims(), { kid: "__proto__" }))).toContain("no key");
  });

  test("with its claims, header or signature changed, or its signature cut, extended or taken from another", async () => {
    const { refusal, claims } = await plain();
    const token = await key.sign(claims());
    const [header = "", , signature = ""] = token.split(".");
    const other = await key.sign(claims({ sub: "other" }));
    const changed = { ...(claims() as object), sub: "admin" };
    await refusal(`${header}.${encode(changed)}.${signature}`);
    await refusal(`${token}AA`);
    await refusal(token.slice(0, -4));
    for (const spelling of [`${token} `, `${token}=`, token.replace(/\.(?=[^.]*$)/, ". "), `${token}\n`])
      expect(await refusal(spelling)).toContain("canonical");
    await refusal(`${other.slice(0, other.lastIndexOf("."))}.${signature}`);
  });

  test("with a key in its own header", async () => {
    const { refusal, claims } = await plain();
    const forger = await signingKey("ES256", key.kid);
    expect(await refusal(await forger.sign(claims(), { jwk: forger.publicJwk }))).toContain("signature");
  });

  test("with an algorithm that the key is not for", async () => {
    const rsa = await signingKey("RS256");
    const { refusal, claims, server } = await plain();
    server.keys = [key, rsa];
    const es384 = await signingKey("ES384", key.kid);
    await refusal(await es384.sign(claims()));
    const ps256 = await signingKey("PS256", rsa.kid);
    expect(await refusal(await ps256.sign(claims()))).toContain("signature");
  });

  test("by one platform in the name of another", async () => {
    const [a, b] = [await startPlatform(key), await startPlatform(await signingKey())];
    const { exchange, clock, observer } = issuing({
      platforms: {
        a: { issuer: a.issuer, audience: ISSUER, allowInsecure: "loopback" },
        b: { issuer: b.issuer, audience: ISSUER, allowInsecure: "loopback" },
      },
      rules: [{ ...(plainPolicy("") as { rules: object[] }).rules[0], from: "b" }],
    });
    const { status } = await exchange(await key.sign(plainClaims(b.issuer, clock.now())));
    expect([status, observer.refusal.kind]).toEqual([400, "invalid_token"]);
  });
});

test("a platform is asked once for unknown keys, and its known keys go on working", async () => {
  const { refusal, exchange, claims, server } = await plain();
  expect((await exchange(await key.sign(claims()))).status).toBe(200);
  const before = server.requests.length;
  for (let made = 0; made < 50; made++) await refusal(await key.sign(claims(), { kid: `made-up-${made}` }));
  expect(server.requests.length - before).toBe(2);
  expect((await exchange(await key.sign(claims()))).status).toBe(200);
});
