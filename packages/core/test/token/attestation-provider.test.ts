import { runInNewContext } from "node:vm";
import { describe, expect, test, vi } from "vitest";
import { AgentIdentity } from "../../src/identity/agent-identity.js";
import { AgentIntegrity } from "../../src/identity/agent-integrity.js";
import { AttestationMetadata } from "../../src/identity/attestation-metadata.js";
import { KeyPair } from "../../src/keys/key-pair.js";
import type { Signer } from "../../src/ports.js";
import { FixedClock } from "../../src/testing.js";
import { AttestationProvider } from "../../src/token/attestation-provider.js";
import { decodeToken } from "../../src/token/decode-token.js";
import type { AttestationProviderOptions, CreateTokenOptions } from "../../src/token/provider-options.js";
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
      cnf: { jwk: { ...confirmationKey.toJwk(), alg: "EdDSA" } },
    });
  });

  test("binds a token to a key, given as a public key or as its JWK", async () => {
    const { publicKey } = KeyPair.generate();
    const expected = { jwk: { ...publicKey.toJwk(), alg: "EdDSA" } };
    for (const confirmationKey of [publicKey, publicKey.toJwk(), publicKey.toJwk("key-7")]) {
      expect((await mint({ confirmationKey })).claims.cnf).toEqual(expected);
    }
  });

  test.each([
    ["a private JWK", keyPair.toPrivateJwk(), "confirmationKey must be a public key, got a private one"],
    ["a key pair", keyPair, "confirmationKey must be an Ed25519PublicKey or a public JWK, got object"],
    ["text", "key", "confirmationKey must be an Ed25519PublicKey or a public JWK, got string"],
    ["null", null, "confirmationKey must be an Ed25519PublicKey or a public JWK, got null"],
    [
      "a key of small order",
      { kty: "OKP", crv: "Ed25519", x: "A".repeat(43) },
      "confirmationKey must be an Ed25519PublicKey or a public JWK, got object",
    ],
  ])("binds no token to %s", async (_, confirmationKey, message) => {
    const options = { confirmationKey } as unknown as Partial<CreateTokenOptions>;
    await expect(mint(options)).rejects.toThrow(TypeError);
    await expect(mint(options)).rejects.toThrow(message);
  });

  describe("that is told what its verifiers accept", () => {
    test("signs for subjects in these trust domains, and for no others", async () => {
      const from = provider({ trustDomains: ["anthropic.com", "corp.example"] });
      expect((await mint({}, from)).claims.sub).toBe(SUBJECT);
      expect((await mint({ subject: "spiffe://corp.example/a" }, from)).claims.sub).toBe(
        "spiffe://corp.example/a",
      );
      for (const subject of ["spiffe://other.example/a", "spiffe://api.anthropic.com/a"]) {
        await expect(mint({ subject }, from)).rejects.toThrow(
          /^subject must be in one of the trustDomains, anthropic\.com, corp\.example, got /,
        );
      }
    });

    test("signs tokens that live as long as that, and none that live longer", async () => {
      const from = provider({ maxLifetimeSeconds: 900 });
      expect((await mint({ lifetimeSeconds: 900 }, from)).claims.exp).toBe(NOW + 900);
      await expect(mint({ lifetimeSeconds: 900.5 }, from)).rejects.toThrow(
        new RangeError(
          "lifetimeSeconds must be at most maxLifetimeSeconds, 900, got 900.5: verifiers refuse a token that lives longer",
        ),
      );
    });

    test("is not made with a default that they refuse", () => {
      expect(provider({ maxLifetimeSeconds: 60, defaultLifetimeSeconds: 60 }).defaultLifetimeSeconds).toBe(
        60,
      );
      expect(() => provider({ maxLifetimeSeconds: 60 })).toThrow(
        /^defaultLifetimeSeconds must be at most maxLifetimeSeconds, 60, got 300/,
      );
    });
  });

  test("refuses nothing on a guess of its own", async () => {
    const { claims } = await mint({ lifetimeSeconds: 1e6, subject: "spiffe://elsewhere.example/a" });
    expect(claims).toMatchObject({ exp: NOW + 1e6, sub: "spiffe://elsewhere.example/a" });
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

  test("takes a signature as Web Crypto gives it, and one of another realm", async () => {
    const { verifier } = attested({ keyResolver: { getKey: () => keyPair.publicKey } });
    const buffer = (bytes: Uint8Array) => Uint8Array.from(bytes).buffer;
    const foreign = (bytes: Uint8Array) => runInNewContext("new Uint8Array(bytes)", { bytes: [...bytes] });
    for (const give of [buffer, foreign, async (bytes: Uint8Array) => buffer(bytes)]) {
      const sign = (message: Uint8Array) => give(keyPair.sign(message)) as Uint8Array;
      const from = provider({ keyPair: { kid: "key-1", alg: "EdDSA", sign } });
      const token = await from.createToken({ identity: IDENTITY, audience: AUDIENCE });
      expect(await verifier.verify(token)).toMatchObject({ verified: true });
    }
  });

  test("gives a signer of somebody else's memory of its own", async () => {
    const messages: Uint8Array[] = [];
    const sign = (message: Uint8Array) => {
      messages.push(message);
      return keyPair.sign(message);
    };
    await mint({}, provider({ keyPair: { kid: "key-1", alg: "EdDSA", sign } }));
    expect(messages.map(({ buffer, length }) => buffer.byteLength - length)).toEqual([0]);
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
    ["maxLifetimeSeconds", { maxLifetimeSeconds: 0 }, RangeError],
    ["maxLifetimeSeconds", { maxLifetimeSeconds: "900" }, RangeError],
    [
      'trustDomains must be a list of trust domains in lower case, such as example.com, got "A.example"',
      { trustDomains: ["A.example"] },
      TypeError,
    ],
    ["trustDomains", { trustDomains: "example.com" }, TypeError],
    ["trustDomains", { trustDomains: [] }, TypeError],
    ["trustDomains", { trustDomains: [1] }, TypeError],
    ["clock", { clock: {} }, TypeError],
    ["observer", { observer: {} }, TypeError],
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
    [{ audience: [] }, "audience must be a string or a list of 1 to 16 strings, got an empty array"],
    [
      { audience: Array(17).fill("a") },
      "audience must be a string or a list of 1 to 16 strings, got an array",
    ],
    [{ audience: [1] }, "audience must be a string or a list of 1 to 16 strings, got an array"],
    [{ integrity: null }, "integrity must be an AgentIntegrity, got null"],
    [{ integrity: "sha256:" }, "integrity must be an AgentIntegrity, got string"],
    [{ integrity: ["sha256:"] }, "integrity must be an AgentIntegrity, got an array"],
    [
      { integrity: { confgHash: "sha256:" } },
      'AgentIntegrity: unknown option "confgHash"; did you mean "configHash"?',
    ],
    [
      { integrity: { configHash: "sha256:" } },
      'configHash must be "sha256:" and 64 hex digits (see AgentIntegrity.computeHash), got string',
    ],
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

  test("takes an AgentIntegrity of another copy of the package", async () => {
    class OtherAgentIntegrity {
      readonly configHash = AgentIntegrity.computeHash("{}");
      readonly systemPromptHash = undefined;
    }
    const integrity: AgentIntegrity = new OtherAgentIntegrity();
    expect((await mint({ integrity })).claims.agentIntegrity).toEqual(
      new AgentIntegrity({ configHash: integrity.configHash }),
    );
  });

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
