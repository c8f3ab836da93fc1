import { AttestationVerifier, decodeToken, Ed25519PublicKey, InMemoryKeyResolver } from "@attest/core";
import { describe, expect, test } from "vitest";
import {
  AUDIENCE,
  exchangeForm,
  ISSUER,
  issuing,
  JWT,
  plainClaims,
  plainPolicy,
  post,
} from "./support/issuing.ts";
import { startPlatform } from "./support/platform-server.ts";
import { signingKey } from "./support/signing-key.ts";

const key = await signingKey();

/** An issuer that trusts one plain OIDC platform. */
async function plain(rule: object = {}, platform: object = {}) {
  const server = await startPlatform(key);
  const made = issuing(plainPolicy(server.issuer, rule, platform));
  const token = (changes: object = {}, header: Readonly<Record<string, unknown>> = {}) =>
    key.sign(plainClaims(server.issuer, made.clock.now(), changes), header);
  return { ...made, server, token };
}

describe("an exchange", () => {
  test("gives an attestation that verifiers accept, as the rule describes the agent", async () => {
    const { issuer, exchange, token, clock, keyRing } = await plain();
    const { status, headers, body } = await exchange(await token());
    expect(status).toBe(200);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(body).toEqual({
      access_token: expect.any(String),
      issued_token_type: JWT,
      token_type: "N_A",
      expires_in: 300,
    });
    const keyResolver = new InMemoryKeyResolver();
    keyResolver.addKeyPair(ISSUER, keyRing.current);
    const verifier = new AttestationVerifier({
      trustedIssuers: [ISSUER].map((issuer) => ({ issuer, trustDomains: ["corp.example"] })),
      keyResolver,
      audience: AUDIENCE,
      clock,
    });
    const result = await verifier.verify(body["access_token"] as string);
    expect(result).toMatchObject({
      verified: true,
      trustLevel: "enterprise",
      issuer: issuer.issuer,
      subject: "spiffe://corp.example/agent/support-agent",
      claims: {
        agentIdentity: { modelVersion: "claude-sonnet-4", provider: "anthropic", deploymentId: "prod" },
        attestationMetadata: { capabilitiesDeclared: ["tool_use"], attestationType: "enterprise" },
      },
    });
  });

  test("tells operators who got what by which rule", async () => {
    const { exchange, token, observer, clock } = await plain();
    const { body } = await exchange(await token());
    const { jti } = decodeToken(body["access_token"] as string).claims;
    expect(observer.events[0]).toEqual({ type: "policy_loaded", platforms: 1, rules: 1 });
    expect(observer.issued).toEqual({
      type: "attestation_issued",
      rule: "support agent",
      platform: "corp",
      platformSubject: "support",
      subject: "spiffe://corp.example/agent/support-agent",
      model: "claude-sonnet-4",
      audience: AUDIENCE,
      jti: jti.slice(0, 8),
      keyThumbprint: null,
      expiresAt: clock.now() + 300,
      durationSeconds: expect.any(Number),
    });
  });

  test("asks the platform for its keys once, however many workloads come", async () => {
    const { exchange, token, server } = await plain();
    const tokens = await Promise.all(Array.from({ length: 20 }, () => token()));
    const answers = await Promise.all(tokens.map((subject) => exchange(subject)));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(server.requests).toEqual(["/.well-known/openid-configuration", "/openid/v1/jwks"]);
  });

  test("lets the same subject token be exchanged again while it lives", async () => {
    const { exchange, token } = await plain();
    const subject = await token();
    const first = await exchange(subject);
    const second = await exchange(subject, { audience: "https://a.tools.corp.example" });
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.body["access_token"]).not.toBe(first.body["access_token"]);
  });

  test.each(["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"])(
    "takes tokens signed with %s",
    async (alg) => {
      const other = await signingKey(alg);
      const server = await startPlatform(other);
      const { exchange, clock } = issuing(plainPolicy(server.issuer));
      const { status } = await exchange(await other.sign(plainClaims(server.issuer, clock.now())));
      expect(status).toBe(200);
    },
  );

  test("finds a key that the platform has rotated to", async () => {
    const { exchange, server, clock } = await plain();
    expect((await exchange(await key.sign(plainClaims(server.issuer, clock.now())))).status).toBe(200);
    const next = await signingKey("RS256");
    server.keys = [key, next];
    expect((await exchange(await next.sign(plainClaims(server.issuer, clock.now())))).status).toBe(200);
  });

  test("takes the token type id_token, and a requested type that is JWT", async () => {
    const { exchange, token } = await plain();
    const changes = {
      subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
      requested_token_type: JWT,
      scope: "ignored",
      client_id: "ignored",
    };
    expect((await exchange(await token(), changes)).status).toBe(200);
  });
});

describe("an audience", () => {
  test.each([AUDIENCE, "https://a.tools.corp.example", "https://b-2.tools.corp.example"])(
    "that a rule allows is the attestation's own: %s",
    async (audience) => {
      const { exchange, token } = await plain();
      const { status, body } = await exchange(await token(), { audience });
      expect(status).toBe(200);
      expect(decodeToken(body["access_token"] as string).claims.aud).toEqual([audience]);
    },
  );

  test.each([
    "https://other.example",
    `${AUDIENCE}/`,
    "https://MCP.corp.example",
    "https://mcp.corp.example.evil.example",
    "https://a.b.tools.corp.example",
    "https://tools.corp.example",
    "https://evil.example/.tools.corp.example",
    "https://*.tools.corp.example",
  ])("that no rule allows is refused with invalid_target: %s", async (audience) => {
    const { exchange, token, observer } = await plain();
    expect(await exchange(await token(), { audience })).toMatchObject({
      status: 400,
      body: { error: "invalid_target" },
    });
    expect(observer.refusal).toMatchObject({
      kind: "audience_not_allowed",
      audience,
      rules: [{ rule: "support agent", problems: ["the audience is not allowed"] }],
    });
  });

  test("is not told apart for a workload that no rule knows", async () => {
    const { exchange, token } = await plain();
    expect(
      await exchange(await token({ sub: "other" }), { audience: "https://other.example" }),
    ).toMatchObject({
      body: { error: "invalid_grant" },
    });
  });

  test("may be given by a later rule, when the first that matches does not", async () => {
    const server = await startPlatform(key);
    const policy = plainPolicy(server.issuer) as { rules: object[] };
    policy.rules.push({ ...policy.rules[0], name: "ops", audiences: ["https://ops.corp.example"] });
    const { exchange, clock, observer } = issuing(policy);
    const token = await key.sign(plainClaims(server.issuer, clock.now()));
    expect((await exchange(token, { audience: "https://ops.corp.example" })).status).toBe(200);
    expect(observer.issued.rule).toBe("ops");
  });
});

describe("a malformed request", () => {
  test.each([
    ["grant_type", undefined, "invalid_request"],
    ["grant_type", "client_credentials", "unsupported_grant_type"],
    ["grant_type", "", "invalid_request"],
    ["subject_token", undefined, "invalid_request"],
    ["subject_token_type", undefined, "invalid_request"],
    ["subject_token_type", "urn:ietf:params:oauth:token-type:saml2", "invalid_request"],
    ["requested_token_type", "urn:ietf:params:oauth:token-type:access_token", "invalid_request"],
    ["audience", undefined, "invalid_request"],
    ["audience", "", "invalid_request"],
    ["audience", "https://mcp.corp.example\nx", "invalid_target"],
    ["actor_token", "x", "invalid_request"],
    ["resource", AUDIENCE, "invalid_request"],
  ])("with %s as %j is refused with %s", async (name, value, error) => {
    const { exchange, token, observer, server } = await plain();
    const { status, headers, body } = await exchange(await token(), { [name]: value });
    expect(status).toBe(400);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(body).toEqual({ error, error_description: expect.stringMatching(/^[A-Z].*\.$/) });
    expect(observer.refusal).toMatchObject({ error });
    expect(server.requests).toEqual([]);
  });

  test.each(["subject_token", "audience", "grant_type", "anything"])(
    "with %s twice is refused with invalid_request",
    async (name) => {
      const { issuer, token } = await plain();
      const form = exchangeForm(await token());
      form.append(name, "https://other.example");
      form.append(name, "https://other.example");
      expect(await post(issuer, form)).toMatchObject({ status: 400, body: { error: "invalid_request" } });
    },
  );

  test("of another content type is refused, and so is one that is not UTF-8", async () => {
    const { issuer, token } = await plain();
    const form = exchangeForm(await token());
    const json = { headers: { "content-type": "application/json" } };
    expect(await post(issuer, JSON.stringify(Object.fromEntries(form)), json)).toMatchObject({
      status: 415,
      body: { error: "invalid_request" },
    });
    expect(await post(issuer, Uint8Array.of(0x61, 0x3d, 0xff))).toMatchObject({
      status: 400,
      body: { error: "invalid_request" },
    });
  });

  test("of 64 KiB is read, and one byte more is not, whether its length is told or not", async () => {
    const { issuer, token } = await plain();
    const form = `${exchangeForm(await token())}&padding=`;
    const longest = form + "x".repeat(65_536 - form.length);
    expect((await post(issuer, longest)).status).toBe(200);
    expect(await post(issuer, `${longest}x`)).toMatchObject({
      status: 413,
      body: { error: "invalid_request" },
    });
    const told = {
      headers: { "content-type": "application/x-www-form-urlencoded", "content-length": "65537" },
    };
    expect((await post(issuer, "a=b", told)).status).toBe(413);
  });

  test("with a subject token of 16 KiB is looked at, and with a byte more it is not", async () => {
    const { exchange, observer } = await plain();
    await exchange("x".repeat(16_384));
    expect(observer.refusal.kind).toBe("invalid_token");
    const { status, body } = await exchange("x".repeat(16_385));
    expect([status, body["error"]]).toEqual([400, "invalid_request"]);
    expect(observer.refusal.kind).toBe("token_too_large");
  });

  test("by another method than POST is refused, with the one that is allowed", async () => {
    const { issuer } = await plain();
    const { status, headers } = await post(issuer, undefined, { method: "GET" });
    expect([status, headers.get("allow")]).toEqual([405, "POST"]);
  });
});

describe("a platform whose keys are unavailable", () => {
  test("answers 503 with Retry-After, and touches no other platform", async () => {
    const [down, up] = [await startPlatform(key), await startPlatform(key)];
    down.instead = (_request, response) => response.writeHead(503, { "retry-after": "17" }).end();
    const policy = {
      platforms: {
        down: { issuer: down.issuer, audience: ISSUER, allowInsecure: "loopback" },
        up: { issuer: up.issuer, audience: ISSUER, allowInsecure: "loopback" },
      },
      rules: ["down", "up"].map((from) => ({
        ...(plainPolicy("") as { rules: object[] }).rules[0],
        name: from,
        from,
      })),
    };
    const { exchange, clock, observer } = issuing(policy);
    const { status, headers, body } = await exchange(await key.sign(plainClaims(down.issuer, clock.now())));
    expect([status, headers.get("retry-after"), headers.get("cache-control")]).toEqual([
      503,
      "17",
      "no-store",
    ]);
    expect(body).toEqual({ error: "temporarily_unavailable", error_description: expect.any(String) });
    expect(observer.refusal).toMatchObject({ kind: "keys_unavailable", platform: "down" });
    expect(observer.refusal.cause.join()).toContain("status 503");
    expect(up.requests).toEqual([]);
    expect((await exchange(await key.sign(plainClaims(up.issuer, clock.now())))).status).toBe(200);
  });

  test.each([
    ["names another issuer", { issuer: "https://other.example" }, "names another issuer"],
    ["has no jwks_uri", { jwks_uri: undefined }, "has no jwks_uri"],
    ["has a jwks_uri by http elsewhere", { jwks_uri: "http://keys.example/" }, "jwks_uri must be https"],
    ["has a jwks_uri at a private address", { jwks_uri: "https://10.0.0.1/" }, "not public"],
  ])("since discovery %s", async (_how, discovery, cause) => {
    const { exchange, token, server, observer } = await plain();
    server.discovery = discovery;
    expect((await exchange(await token())).status).toBe(503);
    expect(observer.refusal.cause.join()).toContain(cause);
    expect(server.requests).toEqual(["/.well-known/openid-configuration"]);
  });

  test("since it answers with a redirect, which is not followed", async () => {
    const { exchange, token, server } = await plain();
    server.instead = (_request, response) =>
      response.writeHead(302, { location: `${server.issuer}/openid/v1/jwks` }).end();
    expect((await exchange(await token())).status).toBe(503);
    expect(server.requests).toHaveLength(1);
  });

  test("is asked again when it is back", async () => {
    const { exchange, token, server, clock } = await plain();
    server.instead = (_request, response) => response.writeHead(500).end();
    expect((await exchange(await token())).status).toBe(503);
    server.instead = undefined;
    clock.advance(31);
    expect((await exchange(await token())).status).toBe(200);
  });
});

describe("a signer that fails", () => {
  test("answers 500 with a fixed sentence, and what it said is for operators alone", async () => {
    const { issuer, exchange, token, keyRing, observer } = await plain();
    keyRing.sign = () => {
      throw new Error("the HSM's secret trouble");
    };
    const { status, body } = await exchange(await token());
    expect(status).toBe(500);
    expect(body).toEqual({ error: "server_error", error_description: "The issuer failed; try again later." });
    expect(observer.refusal.cause.join()).toContain("secret trouble");
    keyRing.jwks = () => {
      throw new Error("no keys now");
    };
    const keys = await issuer.handle(new Request(`${ISSUER}/.well-known/jwks.json`));
    expect([keys.status, await keys.json()]).toEqual([500, body]);
    expect(observer.refusal.cause).toEqual(["Error: no keys now"]);
  });
});

test("a signer that hangs is given up, 500, and one that comes later changes nothing", async () => {
  const server = await startPlatform(key);
  const { exchange, clock, keyRing, observer } = issuing(plainPolicy(server.issuer), {
    timeoutSeconds: 0.05,
  });
  const sign = keyRing.sign.bind(keyRing);
  let late = (): void => undefined;
  keyRing.sign = ((message: Uint8Array) =>
    new Promise((resolve) => {
      late = () => resolve(sign(message));
    })) as never;
  const token = await key.sign(plainClaims(server.issuer, clock.now()));
  expect((await exchange(token)).status).toBe(500);
  expect(observer.refusal.cause).toEqual(["Error: the signer took longer than 0.05 seconds"]);
  late();
  keyRing.sign = sign;
  expect((await exchange(token)).status).toBe(200);
  expect(observer.events.filter(({ type }) => type === "attestation_issued")).toHaveLength(1);
});

describe("the documents", () => {
  test("name the same issuer, endpoint and keys in both metadata formats", async () => {
    const { issuer } = await plain();
    for (const name of ["openid-configuration", "oauth-authorization-server"]) {
      const response = await issuer.handle(new Request(`${ISSUER}/.well-known/${name}`));
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({
        issuer: ISSUER,
        jwks_uri: `${ISSUER}/.well-known/jwks.json`,
        token_endpoint: `${ISSUER}/token`,
        grant_types_supported: ["urn:ietf:params:oauth:grant-type:token-exchange"],
      });
    }
  });

  test("publish the keys that sign, and those that have signed", async () => {
    const { issuer, keyRing } = await plain();
    const keysNow = async () => {
      const response = await issuer.handle(new Request(`${ISSUER}/.well-known/jwks.json`));
      return (await response.json()) as { keys: { kid: string; x: string }[] };
    };
    const before = await keysNow();
    expect(before.keys.map(({ kid }) => kid)).toEqual([keyRing.kid]);
    expect(Ed25519PublicKey.fromJwk({ kty: "OKP", crv: "Ed25519", ...before.keys[0] })).toBeDefined();
  });

  test("say that the issuer is well, and nothing where there is nothing", async () => {
    const { issuer } = await plain();
    const health = await issuer.handle(new Request(`${ISSUER}/health`));
    expect([health.status, await health.json()]).toEqual([200, { status: "ok", issuer: ISSUER }]);
    expect((await issuer.handle(new Request(`${ISSUER}/health`, { method: "DELETE" }))).status).toBe(405);
    expect((await issuer.handle(new Request(`${ISSUER}/health`, { method: "HEAD" }))).status).toBe(200);
    expect((await issuer.handle(new Request(`${ISSUER}/tokens`))).status).toBe(404);
  });
});
