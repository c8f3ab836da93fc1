import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AttestationVerifier, decodeToken, KeyPair, systemClock } from "@attest/core";
import { signProof } from "@attest/core/internal";
import { HTTPKeyResolver } from "@attest/jwks";
import { describe, expect, onTestFinished, test } from "vitest";
import { API_KEY, attest, startProvider } from "./support/demo-provider.js";

const AUDIENCE = "https://server.example";
const OTHER_AGENT = {
  apiKey: "another-agent-api-key",
  modelFamily: "other-2",
  modelVersion: "other-2.1",
  provider: "other",
  safetyLevels: ["enhanced", "standard"],
  systemPromptHash: `sha256:${"0".repeat(64)}`,
};

describe("GET /.well-known/jwks.json", () => {
  test("publishes the public key, and nothing else of it", async () => {
    const { origin } = await startProvider();
    const response = await fetch(`${origin}/.well-known/jwks.json`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/jwk-set+json");
    expect(response.headers.get("cache-control")).toMatch(/^public, max-age=\d+$/);
    expect(await response.json()).toEqual({
      keys: [
        {
          kty: "OKP",
          crv: "Ed25519",
          use: "sig",
          alg: "EdDSA",
          x: expect.any(String),
          kid: expect.any(String),
        },
      ],
    });
  });

  test("answers HEAD, 304 and 405 over HTTP", async () => {
    const { origin } = await startProvider();
    const url = `${origin}/.well-known/jwks.json`;
    const head = await fetch(url, { method: "HEAD" });
    expect(head.status).toBe(200);
    expect(Number(head.headers.get("content-length"))).toBeGreaterThan(0);
    expect(await head.text()).toBe("");
    const etag = head.headers.get("etag") ?? "";
    expect((await fetch(url, { headers: { "if-none-match": etag } })).status).toBe(304);
    const post = await fetch(url, { method: "POST", body: "{}" });
    expect(post.status).toBe(405);
    expect(post.headers.get("allow")).toBe("GET, HEAD");
  });
});

describe("POST /v1/attestations", () => {
  test("gives a known agent a token that a verifier accepts by the published keys", async () => {
    const { origin } = await startProvider();
    const response = await attest(origin, { audience: AUDIENCE });
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("no-store");
    const { token, expiresAt } = (await response.json()) as { token: string; expiresAt: number };

    const keyResolver = new HTTPKeyResolver({ allowInsecure: "loopback" });
    onTestFinished(() => keyResolver.close());
    const verifier = new AttestationVerifier({
      trustedIssuers: [{ issuer: origin, trustDomains: ["provider.example"] }],
      keyResolver,
      audience: AUDIENCE,
    });
    const result = await verifier.verify(token);
    expect(result).toMatchObject({
      verified: true,
      issuer: origin,
      subject: "spiffe://provider.example/model/demo-1-small",
      claims: {
        exp: expiresAt,
        agentIdentity: {
          modelFamily: "demo-1",
          modelVersion: "demo-1-small",
          provider: "demo-provider",
          deploymentId: "local",
        },
        attestationMetadata: { safetyLevel: "standard", attestationType: "provider" },
      },
    });
    expect(result.claims === null ? 0 : result.claims.exp - result.claims.iat).toBe(300);
  });

  test("gives each API key its own agent, audiences, lifetime and safety level", async () => {
    const { origin } = await startProvider({
      AGENTS: JSON.stringify([
        { ...OTHER_AGENT, apiKey: "yet-another-agent-key", modelVersion: "third-3" },
        OTHER_AGENT,
      ]),
      TRUST_DOMAIN: "acme.example",
      ISSUER: "https://issuer.acme.example",
    });
    const response = await attest(
      origin,
      { audience: [AUDIENCE, "other"], lifetimeSeconds: 60, safetyLevel: "standard" },
      { authorization: `bearer ${OTHER_AGENT.apiKey}` },
    );
    const { token } = (await response.json()) as { token: string };
    const { claims } = decodeToken(token);
    expect(claims).toMatchObject({
      iss: "https://issuer.acme.example",
      sub: "spiffe://acme.example/model/other-2.1",
      aud: [AUDIENCE, "other"],
      agentIdentity: { modelFamily: "other-2", modelVersion: "other-2.1", provider: "other" },
      agentIntegrity: { systemPromptHash: OTHER_AGENT.systemPromptHash },
      attestationMetadata: { safetyLevel: "standard" },
    });
    expect(claims.exp - claims.iat).toBe(60);
  });

  test("attests at the agent's first safety level unless asked, and at no level it may not have", async () => {
    const { origin } = await startProvider({ AGENTS: JSON.stringify([OTHER_AGENT]) });
    const headers = { authorization: `Bearer ${OTHER_AGENT.apiKey}` };
    const { token } = (await (await attest(origin, { audience: AUDIENCE }, headers)).json()) as {
      token: string;
    };
    expect(decodeToken(token).claims.attestationMetadata.safetyLevel).toBe("enhanced");
    const refused = await attest(origin, { audience: AUDIENCE, safetyLevel: "minimal" }, headers);
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ error: "forbidden", field: "safetyLevel" });
  });

  test.each([
    ["no key", {}, "Bearer"],
    ["another scheme", { authorization: `Basic ${API_KEY}` }, "Bearer"],
    ["an empty key", { authorization: "Bearer " }, "Bearer"],
    ["an unknown key", { authorization: "Bearer not-a-known-key" }, 'Bearer error="invalid_token"'],
    ["a key with more behind it", { authorization: `Bearer ${API_KEY}x` }, 'Bearer error="invalid_token"'],
    ["a part of a key", { authorization: `Bearer ${API_KEY.slice(0, -1)}` }, 'Bearer error="invalid_token"'],
  ])("answers 401 with a challenge to %s", async (_, headers, challenge) => {
    const { origin } = await startProvider();
    const response = await attest(origin, { audience: AUDIENCE }, headers as Record<string, string>);
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe(challenge);
    expect(await response.json()).toMatchObject({ error: "unauthorized" });
  });

  test("answers a wrong key after a second, the hundred and first at once with 429, and a known key as ever", async () => {
    const adminKey = "an-admin-key-of-the-test";
    const { origin } = await startProvider({ ADMIN_KEY: adminKey });
    const begin = performance.now();
    const wrong = { authorization: "Bearer not-a-known-key" };
    const rotations = Array.from({ length: 50 }, () =>
      fetch(`${origin}/v1/keys/rotate`, { method: "POST", headers: wrong }),
    );
    const attempts = Array.from({ length: 60 }, () => attest(origin, { audience: AUDIENCE }, wrong));
    expect((await attest(origin, { audience: AUDIENCE })).status).toBe(200);
    expect(performance.now() - begin).toBeLessThan(900);
    const answers = await Promise.all([...rotations, ...attempts]);
    expect(performance.now() - begin).toBeGreaterThan(950);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(100);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(10);
    expect(refused[0]?.headers.get("retry-after")).toBe("1");
  });

  test("answers 400 to a bad body, naming the field", async () => {
    const { origin } = await startProvider();
    const bodies: readonly (readonly [unknown, string, string])[] = [
      ["", "body", "must be JSON"],
      ["{", "body", "must be JSON"],
      ["null", "body", "must be a JSON object"],
      ["[]", "body", "must be a JSON object"],
      [{}, "audience", "is missing"],
      [{ audience: "" }, "audience", "must have 1 to 256"],
      [{ audience: 7 }, "audience", "must be a string"],
      [{ audience: [] }, "audience", "at least one"],
      [{ audience: ["a", null] }, "audience.1", "must be a string"],
      [{ audience: Array.from({ length: 17 }, String) }, "audience", "at most 16"],
      [{ audience: "a", lifetimeSeconds: 0 }, "lifetimeSeconds", "from 1 to 900"],
      [{ audience: "a", lifetimeSeconds: 901 }, "lifetimeSeconds", "from 1 to 900"],
      [{ audience: "a", lifetimeSeconds: 1.5 }, "lifetimeSeconds", "from 1 to 900"],
      [{ audience: "a", lifetimeSeconds: "60" }, "lifetimeSeconds", "from 1 to 900"],
      [{ audience: "a", safetyLevel: "highest" }, "safetyLevel", "must be one of"],
      [{ audience: "a", modelVersion: "someone-else" }, "modelVersion", "is not a known member"],
      [{ audience: "a", identity: { provider: "someone" } }, "identity", "is not a known member"],
    ];
    for (const [body, field, problem] of bodies) {
      const response = await attest(origin, body);
      const answer = (await response.json()) as { error: string; field: string; message: string };
      expect(answer, JSON.stringify(body)).toEqual({
        error: "invalid_request",
        field,
        message: expect.stringContaining(problem),
      });
      expect(response.status).toBe(400);
    }
  });

  test("makes a token that verifiers still look at out of the longest body it accepts", async () => {
    const { origin } = await startProvider();
    const audience = Array.from({ length: 16 }, (_, index) => String(index).padEnd(256, "~"));
    const { token } = (await (await attest(origin, { audience })).json()) as { token: string };
    expect(decodeToken(token).claims.aud).toEqual(audience);
  });

  test("answers 413 to a body of more than 16384 bytes, with and without a length", async () => {
    const { origin } = await startProvider();
    const long = JSON.stringify({ audience: "a", padding: "x".repeat(16_384) });
    expect((await attest(origin, long)).status).toBe(413);
    const streamed = await fetch(`${origin}/v1/attestations`, {
      method: "POST",
      headers: { authorization: `Bearer ${API_KEY}` },
      body: new Blob([long]).stream(),
      duplex: "half",
    });
    expect(streamed.status).toBe(413);
  });

  test.each(["GET", "PUT", "DELETE"])("answers %s with 405 and what is allowed", async (method) => {
    const { origin } = await startProvider();
    const response = await fetch(`${origin}/v1/attestations`, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("POST");
  });
});

describe("GET /health", () => {
  test("says that the provider is up, and who it is", async () => {
    const { origin } = await startProvider();
    const response = await fetch(`${origin}/health`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: "ok", issuer: origin });
    expect((await fetch(`${origin}/health`, { method: "POST" })).status).toBe(405);
  });
});

describe("any other path", () => {
  test("answers 404 as JSON", async () => {
    const { origin } = await startProvider();
    const response = await fetch(`${origin}/v1/keys`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: "not_found" });
  });
});

describe("PRIVATE_KEY_FILE", () => {
  test("signs with the key in the file, and a fresh one without it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "demo-provider-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const keyPair = KeyPair.generate();
    const file = join(folder, "key.pem");
    await writeFile(file, keyPair.toPem(), { mode: 0o600 });

    const publishedBy = async (environment: Record<string, string>) => {
      const { origin } = await startProvider(environment);
      return (await fetch(`${origin}/.well-known/jwks.json`)).json();
    };
    expect(await publishedBy({ PRIVATE_KEY_FILE: file })).toMatchObject({ keys: [keyPair.toJwk()] });
    expect(await publishedBy({})).not.toEqual(await publishedBy({}));
  });
});

describe("a token that is bound to a key", () => {
  const key = KeyPair.generate();

  async function prove(
    origin: string,
    audience: string,
    overrides: Partial<Parameters<typeof signProof>[0]> = {},
  ): Promise<string> {
    const { proof } = await signProof({
      key,
      token: API_KEY,
      audience: origin,
      request: { method: "token", params: { audience } },
      url: `${origin}/v1/attestations`,
      nonce: undefined,
      accessToken: undefined,
      clock: systemClock,
      ...overrides,
    });
    return proof;
  }
  const confirmationKey = key.publicKey.toJwk();

  test("is given to an agent that proves to have the key, once for each proof", async () => {
    const { origin } = await startProvider();
    const body = {
      audience: AUDIENCE,
      confirmationKey,
      confirmationProof: await prove(origin, AUDIENCE),
    };
    const response = await attest(origin, body);
    expect(response.status).toBe(200);
    const { token } = (await response.json()) as { token: string };
    expect(decodeToken(token).claims.cnf?.jwk.x).toBe(confirmationKey.x);
    const again = await attest(origin, body);
    expect(again.status).toBe(400);
    expect(await again.json()).toMatchObject({
      field: "confirmationProof",
      message: expect.stringContaining("was used before"),
    });
  });

  test.each([
    ["another request", async (origin: string) => prove(origin, "https://other.example")],
    ["another provider", async (origin: string) => prove(origin, AUDIENCE, { audience: "https://other" })],
    ["another agent", async (origin: string) => prove(origin, AUDIENCE, { token: "another-agent-api-key" })],
    ["another key", async (origin: string) => prove(origin, AUDIENCE, { key: KeyPair.generate() })],
    ["nothing", async () => "a.b.c"],
  ])("is not given for a proof of %s", async (_, proofOf) => {
    const { origin } = await startProvider();
    const confirmationProof = await proofOf(origin);
    const response = await attest(origin, { audience: AUDIENCE, confirmationKey, confirmationProof });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ field: "confirmationProof" });
  });

  test("is not given for a key without a proof, nor for what is no key", async () => {
    const { origin } = await startProvider();
    for (const body of [
      { confirmationKey },
      { confirmationProof: await prove(origin, AUDIENCE) },
      { confirmationKey: { kty: "RSA" }, confirmationProof: "a.b.c" },
    ]) {
      expect((await attest(origin, { audience: AUDIENCE, ...body })).status).toBe(400);
    }
  });
});
