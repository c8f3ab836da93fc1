import { KeyPair } from "@attest/core";
import { KeyRing } from "@attest/jwks";
import { describe, expect, test } from "vitest";
import { createIssuer, readTrustPolicy } from "../src/index.js";
import { AUDIENCE, ISSUER, issuing, plainClaims, plainPolicy } from "./support/issuing.ts";
import { startPlatform } from "./support/platform-server.ts";
import { signingKey } from "./support/signing-key.ts";

const key = await signingKey();

describe("reload", () => {
  test("puts a new policy in force, and keeps the keys of the platforms that stay", async () => {
    const server = await startPlatform(key);
    const { issuer, exchange, clock, observer } = issuing(plainPolicy(server.issuer));
    const token = await key.sign(plainClaims(server.issuer, clock.now()));
    expect((await exchange(token)).status).toBe(200);
    expect(issuer.reload(plainPolicy(server.issuer, { claims: { sub: "other" } }))).toBe(true);
    expect(observer.events.at(-1)).toEqual({ type: "policy_loaded", platforms: 1, rules: 1 });
    expect(await exchange(token)).toMatchObject({
      status: 400,
      body: { error: "invalid_grant", error_description: "No rule of this issuer allows the workload." },
    });
    expect(observer.refusal).toMatchObject({
      kind: "not_allowed",
      platform: "corp",
      platformSubject: "support",
      audience: AUDIENCE,
      rules: [{ rule: "support agent", problems: ['sub is "support", and not "other"'] }],
    });
    expect(server.requests).toHaveLength(2);
  });

  test("asks for the keys anew when the platform's settings change", async () => {
    const [a, b] = [await startPlatform(key), await startPlatform(key)];
    const { issuer, exchange, clock } = issuing(plainPolicy(a.issuer));
    expect((await exchange(await key.sign(plainClaims(a.issuer, clock.now())))).status).toBe(200);
    issuer.reload(plainPolicy(b.issuer));
    expect((await exchange(await key.sign(plainClaims(a.issuer, clock.now())))).status).toBe(400);
    expect((await exchange(await key.sign(plainClaims(b.issuer, clock.now())))).status).toBe(200);
  });

  test.each<[string, string | object, string]>([
    ["that is no YAML", "rules: [", "not YAML"],
    [
      "with a misspelt member",
      { ...plainPolicy("https://idp.example"), rule: [] },
      "rule is not a known member",
    ],
    [
      "with a subject of another trust domain",
      plainPolicy("https://idp.example", { subject: "spiffe://other.example/agent" }),
      "must be a SPIFFE ID below spiffe://corp.example/",
    ],
    [
      "with a subject that is no SPIFFE ID",
      plainPolicy("https://idp.example", { subject: "spiffe://corp.example/../x" }),
      "must be a SPIFFE ID",
    ],
    ["that names the issuer itself as a platform", plainPolicy(ISSUER), "is this issuer"],
  ])("of a policy file that is wrong (the old one stays): one %s", async (_how, wrong, problem) => {
    const server = await startPlatform(key);
    const { issuer, exchange, clock, observer } = issuing(plainPolicy(server.issuer));
    const before = issuer.policy;
    expect(issuer.reload(wrong)).toBe(false);
    expect(issuer.policy).toBe(before);
    const [event] = observer.events.slice(-1);
    expect(event).toEqual({ type: "policy_refused", cause: [expect.stringContaining(problem)] });
    expect((await exchange(await key.sign(plainClaims(server.issuer, clock.now())))).status).toBe(200);
  });

  test("lets an exchange end by the policy that it began with", async () => {
    const server = await startPlatform(key);
    let release = (): void => undefined;
    server.instead = (_request, response) => {
      release = () => response.writeHead(200).end(JSON.stringify({ ...discovery }));
    };
    const discovery = { issuer: server.issuer, jwks_uri: `${server.issuer}/openid/v1/jwks` };
    const { issuer, exchange, clock } = issuing(plainPolicy(server.issuer));
    const underWay = exchange(await key.sign(plainClaims(server.issuer, clock.now())));
    await expect.poll(() => server.requests.length).toBe(1);
    expect(issuer.reload({ platforms: {}, rules: [] })).toBe(true);
    server.instead = undefined;
    release();
    expect((await underWay).status).toBe(200);
    expect((await exchange(await key.sign(plainClaims(server.issuer, clock.now())))).status).toBe(400);
  });
});

describe("createIssuer refuses", () => {
  const keyRing = new KeyRing({ current: KeyPair.generate() });
  const policy = readTrustPolicy({ platforms: {}, rules: [] });
  const right = { issuer: ISSUER, trustDomain: "corp.example", signer: keyRing, policy };

  test.each<[string, object, string]>([
    [
      "a policy that was not read",
      { policy: { platforms: [], rules: [] } },
      "policy must be what readTrustPolicy returns",
    ],
    ["no policy", { policy: undefined }, "policy must be"],
    ["an issuer with a slash at its end", { issuer: "https://attest.corp.example/" }, "issuer must be a URL"],
    ["an issuer in capitals", { issuer: "https://Attest.corp.example" }, "issuer must be a URL"],
    ["an issuer with a query", { issuer: "https://attest.corp.example/?a" }, "issuer must be a URL"],
    ["a trust domain that is a URL", { trustDomain: "https://corp.example" }, "trustDomain must be"],
    ["no signer", { signer: undefined }, "signer must be a KeyRing"],
    [
      "a signer that publishes nothing",
      { signer: { kid: "a", alg: "EdDSA", sign: () => 0 } },
      "signer must be a KeyRing",
    ],
    [
      "a signer that does not publish its key",
      { signer: { kid: "a", alg: "EdDSA", sign: () => 0, jwks: () => ({ keys: [] }) } },
      "must hold the key that signs",
    ],
    ["a replay cache that is unset", { replayCache: undefined }, "replayCache is present but undefined"],
    ["a misspelt option", { replaycache: 1 }, 'did you mean "replayCache"'],
    ["Date as clock", { clock: Date }, "clock gives milliseconds"],
  ])("%s", (_what, changes, problem) => {
    expect(() => createIssuer({ ...right, ...changes } as never)).toThrow(problem);
  });

  test("nothing of what is right, with a key pair or a path too", async () => {
    const issuer = createIssuer({ ...right, issuer: `${ISSUER}/agents`, signer: keyRing.current });
    const places = [
      "/agents/.well-known/openid-configuration",
      "/.well-known/oauth-authorization-server/agents",
    ];
    for (const place of places) {
      const response = await issuer.handle(new Request(ISSUER + place));
      expect(await response.json()).toMatchObject({ token_endpoint: `${ISSUER}/agents/token` });
    }
    const keys = await issuer.handle(new Request(`${ISSUER}/agents/.well-known/jwks.json`));
    expect(await keys.json()).toMatchObject({ keys: [{ kid: keyRing.kid }] });
  });
});
