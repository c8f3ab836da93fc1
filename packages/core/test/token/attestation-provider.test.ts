import { describe, expect, test, vi } from "vitest";
import { AgentIdentity } from "../../src/identity/agent-identity.js";
import { AgentIntegrity } from "../../src/identity/agent-integrity.js";
import { AttestationMetadata } from "../../src/identity/attestation-metadata.js";
import { KeyPair } from "../../src/keys/key-pair.js";
import type { Signer } from "../../src/ports.js";
import { FixedClock } from "../../src/testing.js";
import {
  AttestationProvider,
  type AttestationProviderOptions,
  type CreateTokenOptions,
} from "../../src/token/attestation-provider.js";
import { decodeToken } from "../../src/token/decode-token.js";
import { AUDIENCE, attested, IDENTITY, ISSUER, NOW, Recorder, SUBJECT } from "../support/attested.js";

const keyPair = KeyPair.generate("key-1");

function provider(options: Partial<AttestationProviderOptions> = {}): AttestationProvider {
  return new AttestationProvider({ issuer: ISSUER, keyPair, clock: new FixedClock(NOW), ...options });
}

async function mint(options: Partial<CreateTokenOptions> = {}, from = provider()) {
  return decodeToken(await from.createToken({ identity: IDENTITY, audience: AUDIENCE, ...options }));
}

describe("AttestationProvider", () => {
  test("mints a token of its issuer for one agent and one audience, living 300 seconds", async () => {
    const { header, claims } = await mint();
    expect(header).toEqual({ alg: "EdDSA", typ: "JWT", kid: "key-1" });
    expect(claims.raw).toEqual({
      iss: ISSUER,
      sub: SUBJECT,
      aud: AUDIENCE,
      iat: NOW,
      exp: NOW + 300,
      jti: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      agent_identity: { model_family: "claude-4", model_version: "claude-sonnet-4", provider: "anthropic" },
      attestation_metadata: {
        attestation_version: "0.1.0",
        attestation_type: "provider",
        safety_level: "standard",
        capabilities_declared: [],
      },
    });
  });

  test("gives every token an id of its own", async () => {
    const from = provider();
    const ids = await Promise.all(Array.from({ length: 50 }, async () => (await mint({}, from)).claims.jti));
    expect(new Set(ids).size).toBe(50);
  });

  test("carries everything it is given", async () => {
    const integrity = new AgentIntegrity({ configHash: AgentIntegrity.computeHash("{}") });
    const metadata = new AttestationMetadata({ attestationType: "enterprise", safetyLevel: "minimal" });
    const confirmationKey = KeyPair.generate().publicKey;
    const subject = "spiffe://corp.example/agent/7";
    const { claims } = await mint({ integrity, metadata, confirmationKey, subject, audience: ["a", "b"] });
    expect(claims).toMatchObject({
      sub: subject,
      aud: ["a", "b"],
      agentIntegrity: integrity,
      attestationMetadata: metadata,
      cnf: { jwk: confirmationKey.toJwk() },
    });
  });

  test("lets a token live as long as its own default says, unless the call says otherwise", async () => {
    const from = provider({ defaultLifetimeSeconds: 60 });
    expect(from.defaultLifetimeSeconds).toBe(60);
    expect((await mint({}, from)).claims.exp).toBe(NOW + 60);
    expect((await mint({ lifetimeSeconds: 900 }, from)).claims.exp).toBe(NOW + 900);
    expect((await mint({ lifetimeSeconds: 0.5 }, from)).claims.exp).toBe(NOW + 0.5);
  });

  test("dates a token to the whole second that has begun", async () => {
    const { claims } = await mint({}, provider({ clock: new FixedClock(NOW + 0.9) }));
    expect(claims).toMatchObject({ iat: NOW, exp: NOW + 300 });
  });

  test.each([
    [{ algorithm: "Ed25519" }, { alg: "Ed25519", typ: "JWT" }],
    [{ tokenType: "attestation+jwt" }, { alg: "EdDSA", typ: "attestation+jwt" }],
  ] as const)("writes the header as %j says", async (options, header) => {
    expect((await mint({}, provider(options))).header).toMatchObject(header);
  });

  test("takes the algorithm's name from the signer", async () => {
    const signer: Signer = { kid: "hsm", alg: "Ed25519", sign: (message) => keyPair.sign(message) };
    expect((await mint({}, provider({ keyPair: signer }))).header).toMatchObject({
      alg: "Ed25519",
      kid: "hsm",
    });
  });

  test("waits for a signer that signs elsewhere", async () => {
    const { verifier } = attested({
      keyResolver: { getKey: async () => keyPair.publicKey },
    });
    const signer: Signer = {
      kid: "kms",
      alg: "EdDSA",
      sign: async (message) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        return keyPair.sign(message);
      },
    };
    const token = await provider({ keyPair: signer }).createToken({ identity: IDENTITY, audience: AUDIENCE });
    expect(await verifier.verify(token)).toMatchObject({ verified: true });
  });

  test("rejects with the signer's own error", async () => {
    const outage = new Error("the KMS is down");
    for (const sign of [
      () => {
        throw outage;
      },
      () => Promise.reject(outage),
    ]) {
      await expect(mint({}, provider({ keyPair: { kid: "kms", alg: "EdDSA", sign } }))).rejects.toBe(outage);
    }
  });

  test.each([
    ["63 bytes", new Uint8Array(63)],
    ["65 bytes", new Uint8Array(65)],
    ["no bytes", "signature"],
    ["nothing", undefined],
  ])("refuses a signer that returns %s", async (_, signature) => {
    for (const sign of [() => signature as Uint8Array, async () => signature as Uint8Array]) {
      await expect(mint({}, provider({ keyPair: { kid: "kms", alg: "EdDSA", sign } }))).rejects.toThrow(
        /^keyPair.sign must return/,
      );
    }
  });

  test.each([
    ["issuer", { issuer: "" }, TypeError],
    ["issuer", { issuer: undefined }, TypeError],
    ["issuer", { issuer: new URL(ISSUER) }, TypeError],
    ["keyPair", { keyPair: undefined }, TypeError],
    ["keyPair", { keyPair: keyPair.publicKey }, TypeError],
    ["keyPair", { keyPair: { kid: "", alg: "EdDSA", sign: () => new Uint8Array(64) } }, TypeError],
    ["algorithm", { algorithm: "HS256" }, TypeError],
    ["algorithm", { keyPair: { kid: "k", alg: "RS256", sign: () => new Uint8Array(64) } }, TypeError],
    ["tokenType must be one of JWT, attestation+jwt", { tokenType: "at+jwt" }, TypeError],
    ['AttestationProvider: unknown option "issuers"', { issuers: [] }, TypeError],
    ["defaultLifetimeSeconds", { defaultLifetimeSeconds: 0 }, RangeError],
    ["defaultLifetimeSeconds", { defaultLifetimeSeconds: -1 }, RangeError],
    ["defaultLifetimeSeconds", { defaultLifetimeSeconds: Number.NaN }, RangeError],
    ["defaultLifetimeSeconds", { defaultLifetimeSeconds: "300" }, RangeError],
  ])("names the option %s when it is %o", (option, options, error) => {
    expect(() => provider(options as Partial<AttestationProviderOptions>)).toThrow(error);
    expect(() => provider(options as Partial<AttestationProviderOptions>)).toThrow(option);
  });

  test.each([
    [{ identity: undefined }, "identity must be an AgentIdentity, got undefined"],
    [{ identity: "claude" }, "identity must be an AgentIdentity, got string"],
    [{ audience: undefined }, "audience must be a string or a list of 1 to 16 strings, got undefined"],
    [{ audience: [] }, "audience must be a string or a list of 1 to 16 strings, got an array"],
    [
      { audience: Array(17).fill("a") },
      "audience must be a string or a list of 1 to 16 strings, got an array",
    ],
    [{ audience: [1] }, "audience must be a string or a list of 1 to 16 strings, got an array"],
    [{ integrity: null }, "integrity must be an AgentIntegrity, got null"],
    [{ integrity: "sha256:" }, "integrity must be an AgentIntegrity, got string"],
    [{ metadata: null }, "metadata must be an AttestationMetadata, got null"],
    [{ metadata: {} }, "metadata must be an AttestationMetadata, got object"],
    [{ subject: "claude" }, "subject must be a SPIFFE ID, such as spiffe://example.com/model/m-1"],
    [{ subject: "" }, "subject must be a SPIFFE ID, such as spiffe://example.com/model/m-1"],
    [{ lifetime: 60 }, 'createToken: unknown option "lifetime"; did you mean "lifetimeSeconds"?'],
  ])("rejects a token made with %j, and names the option that is wrong", async (options, message) => {
    await expect(mint(options as Partial<CreateTokenOptions>)).rejects.toThrow(new TypeError(message));
  });

  test.each([0, -1, Number.POSITIVE_INFINITY, Number.NaN])(
    "rejects a token with a life of %d seconds",
    async (lifetimeSeconds) => {
      await expect(mint({ lifetimeSeconds })).rejects.toThrow(
        new RangeError(`lifetimeSeconds must be a positive number of seconds, got ${lifetimeSeconds}`),
      );
    },
  );

  test("takes 16 audiences", async () => {
    expect((await mint({ audience: Array(16).fill("a") })).claims.aud).toHaveLength(16);
  });

  test("rejects an identity that makes no SPIFFE ID, unless a subject comes with it", async () => {
    const identity = new AgentIdentity({ modelFamily: "m", modelVersion: "m 1", provider: "Some Lab" });
    await expect(mint({ identity })).rejects.toThrow(TypeError);
    expect((await mint({ identity, subject: SUBJECT })).claims.sub).toBe(SUBJECT);
  });

  test("tells its observer what it signed, and neither the token nor its whole id", async () => {
    const observer = new Recorder();
    const token = await provider({ observer }).createToken({
      identity: IDENTITY,
      audience: [AUDIENCE, "b\n"],
    });
    const { jti } = decodeToken(token).claims;
    expect(observer.events).toEqual([
      {
        type: "token_created",
        issuer: ISSUER,
        subject: SUBJECT,
        audience: [AUDIENCE, "b\\u000a"],
        kid: "key-1",
        jti: jti.slice(0, 8),
        expiresAt: NOW + 300,
        durationSeconds: expect.any(Number),
      },
    ]);
    expect(JSON.stringify(observer.events)).not.toContain(jti);
  });

  test("tells its observer how many seconds it took", async () => {
    const observer = new Recorder();
    const stopwatch = vi.spyOn(performance, "now").mockReturnValueOnce(1_000).mockReturnValueOnce(3_500);
    await mint({}, provider({ observer }));
    stopwatch.mockRestore();
    expect(observer.events).toMatchObject([{ durationSeconds: 2.5 }]);
  });
});
