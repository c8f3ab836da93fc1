import { describe, expect, test } from "vitest";
import { PROTOCOL_CLAIMS } from "../../src/constants.js";
import { AttestationError } from "../../src/errors.js";
import { AttestationMetadata } from "../../src/identity/attestation-metadata.js";
import { InMemoryKeyResolver } from "../../src/keys/in-memory-key-resolver.js";
import { KeyPair } from "../../src/keys/key-pair.js";
import type { ReplayCache } from "../../src/ports.js";
import {
  AttestationVerifier,
  type AttestationVerifierOptions,
  defaultChecks,
} from "../../src/verify/attestation-verifier.js";
import { defineCheck } from "../../src/verify/check.js";
import { insertBefore, withoutCheck } from "../../src/verify/compose.js";
import { composeVerifier } from "../../src/verify/verifier.js";
import { AUDIENCE, attested, ISSUER, NOW, refusal, SUBJECT } from "../support/attested.js";
import { forge, HEADER, PAYLOAD } from "../support/forge.js";

const options: AttestationVerifierOptions = {
  trustedIssuers: [ISSUER],
  keyResolver: new InMemoryKeyResolver(),
};
const names = (changes: Partial<AttestationVerifierOptions> = {}): string[] =>
  defaultChecks({ ...options, ...changes }).map(({ name }) => name);

describe("defaultChecks", () => {
  test("are the protocol's, in its order: what costs nothing first, what writes last", () => {
    expect(names()).toEqual(["issuer", "signature", "lifetime", "audience", "claims", "proof", "replay"]);
  });

  test("have the caller's own checks after the claims and before the proof", () => {
    const checks = [defineCheck("a", () => {}), defineCheck("b", () => {})];
    expect(names({ checks })).toEqual([
      "issuer",
      "signature",
      "lifetime",
      "audience",
      "claims",
      "a",
      "b",
      "proof",
      "replay",
    ]);
  });

  test("have no replay check only where null says so", () => {
    expect(names({ replayCache: null })).not.toContain("replay");
    expect(names({ replayCache: undefined })).toContain("replay");
  });

  test("can be edited into a verifier of one's own", async () => {
    const { keyResolver, clock, createToken } = attested();
    const department = defineCheck("department", ({ claims }) => {
      if (claims.raw["department"] !== "finance") throw new AttestationError(1013);
    });
    const checks = insertBefore(
      withoutCheck(defaultChecks({ trustedIssuers: [ISSUER], keyResolver, clock }), "audience"),
      "proof",
      department,
    );
    expect(
      await composeVerifier(checks, { clock }).verify(await createToken({ audience: "other" })),
    ).toMatchObject(refusal(1013, "department"));
  });
});

describe("AttestationVerifier", () => {
  test("verifies a token of a trusted issuer for this server", async () => {
    const { verifier, createToken } = attested();
    const result = await verifier.verify(await createToken());
    expect(result).toMatchObject({
      verified: true,
      trustLevel: "provider",
      issuer: ISSUER,
      subject: SUBJECT,
    });
  });

  test("gives an enterprise token enterprise trust, whoever signed it", async () => {
    const { verifier, createToken } = attested();
    const metadata = new AttestationMetadata({ attestationType: "enterprise" });
    expect(await verifier.verify(await createToken({ metadata }))).toMatchObject({
      trustLevel: "enterprise",
    });
  });

  test("verifies both algorithm names and both types of token", async () => {
    const { verifier, keyPair } = attested({ replayCache: null });
    for (const alg of ["EdDSA", "Ed25519"]) {
      for (const typ of ["JWT", "application/attestation+jwt"]) {
        expect(await verifier.verify(forge(keyPair, { ...HEADER, alg, typ }))).toMatchObject({
          verified: true,
        });
      }
    }
  });

  test("says what it asks for", () => {
    const verifier = new AttestationVerifier({
      ...options,
      requiredClaims: ["department"],
      policy: "preferred",
    });
    expect(verifier).toMatchObject({
      policy: "preferred",
      trustedIssuers: [ISSUER],
      requiredClaims: [...PROTOCOL_CLAIMS, "department"],
    });
    expect(new AttestationVerifier(options).policy).toBe("required");
  });

  test("requires the claims it is told to", async () => {
    const { verifier, keyPair } = attested({ requiredClaims: ["department"] });
    expect(await verifier.verify(forge(keyPair))).toMatchObject(refusal(1007, "claims"));
    expect(await verifier.verify(forge(keyPair, HEADER, { ...PAYLOAD, department: "x" }))).toMatchObject({
      verified: true,
    });
  });

  test("takes a token as often as it comes when replay protection is off", async () => {
    const { verifier, createToken } = attested({ replayCache: null });
    const token = await createToken();
    expect((await verifier.verify(token)).verified).toBe(true);
    expect((await verifier.verify(token)).verified).toBe(true);
  });

  test("goes by the same skew for the token's life and for how long its id is kept", async () => {
    const { verifier, clock, createToken } = attested({ clockSkewSeconds: 5 });
    const token = await createToken({ lifetimeSeconds: 10 });
    await verifier.verify(token);
    clock.advance(14.999);
    expect(await verifier.verify(token)).toMatchObject(refusal(1006, "replay"));
    clock.advance(0.001);
    expect(await verifier.verify(token)).toMatchObject(refusal(1001, "lifetime"));
  });

  test("has ids kept as long as its skew lets their tokens live", async () => {
    const kept: number[] = [];
    const replayCache = {
      checkAndAdd: async (_: string, exp: number) => {
        kept.push(exp);
        return true;
      },
    } as unknown as ReplayCache;
    const { verifier, createToken } = attested({ clockSkewSeconds: 60, replayCache });
    expect(await verifier.verify(await createToken({ lifetimeSeconds: 10 }))).toMatchObject({
      verified: true,
    });
    expect(kept).toEqual([NOW + 70]);
  });

  test("runs its own replay cache by the clock it is given", async () => {
    const { verifier, clock, createToken } = attested();
    clock.advance(-1_000_000_000);
    const token = await createToken();
    expect(await verifier.verify(token)).toMatchObject({ verified: true });
    expect(await verifier.verify(token)).toMatchObject(refusal(1006, "replay"));
  });

  test.each([
    ["trustedIssuers", { trustedIssuers: [] }],
    ["keyResolver", { keyResolver: undefined }],
    ["policy", { policy: "strict" }],
    ["audience", { audience: "" }],
    ["audience", { audience: undefined }],
    ["requiredClaims", { requiredClaims: undefined }],
    ["checks", { checks: undefined }],
    ["replayCache", { replayCache: {} }],
    ["requiredClaims", { requiredClaims: "department" }],
    ["clockSkewSeconds", { clockSkewSeconds: -1 }],
    ["maxLifetimeSeconds", { maxLifetimeSeconds: 0 }],
    ["maxTokenBytes", { maxTokenBytes: -1 }],
    ['AttestationVerifier: unknown option "audiences"', { audiences: [AUDIENCE] }],
    ["signature", { checks: [defineCheck("signature", () => {})] }],
  ])("names %s when it is wrong: %o", (option, changes) => {
    expect(() => new AttestationVerifier({ ...options, ...(changes as object) })).toThrow(option);
  });

  test("takes no key from elsewhere than its resolver", async () => {
    const { verifier, keyResolver, createToken } = attested();
    keyResolver.removeKey(ISSUER, "key-1");
    expect(await verifier.verify(await createToken())).toMatchObject(refusal(1003, "signature"));
    keyResolver.addKeyPair(ISSUER, KeyPair.generate("key-1"));
    expect(await verifier.verify(await createToken())).toMatchObject(refusal(1003, "signature"));
  });

  test("refuses a token meant for another server", async () => {
    const { verifier, createToken } = attested();
    expect(await verifier.verify(await createToken({ audience: "https://other.example" }))).toMatchObject(
      refusal(1005, "audience"),
    );
    expect(
      await verifier.verify(await createToken({ audience: ["https://other.example", AUDIENCE] })),
    ).toMatchObject({
      verified: true,
    });
  });
});
