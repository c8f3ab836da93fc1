import { describe, expect, test } from "vitest";
import { githubClaims, gitlabClaims, kubernetesClaims, spiffeClaims } from "../support/documented-claims.ts";
import { ISSUER, issuing, plainPolicy } from "../support/issuing.ts";
import { type PlatformServer, startPlatform } from "../support/platform-server.ts";
import { type SigningKey, signingKey } from "../support/signing-key.ts";

const rsa = await signingKey("RS256");

/** Kinds of platforms with discovery: what their tokens hold, a rule for one of them, and others that are not it. */
const PLATFORMS: readonly {
  readonly type: string;
  readonly claimsOf: typeof kubernetesClaims;
  readonly header: Readonly<Record<string, unknown>>;
  readonly rule: object;
  readonly others: readonly (readonly [string, object])[];
  readonly foreign: readonly [string, object];
}[] = [
  {
    type: "kubernetes",
    claimsOf: kubernetesClaims,
    header: { typ: undefined },
    rule: {
      sub: "system:serviceaccount:agents:support",
      "kubernetes.io": { namespace: "agents", serviceaccount: { name: "support" } },
    },
    others: [
      ["another namespace", { sub: "system:serviceaccount:other:support" }],
      ["another service account", { sub: "system:serviceaccount:agents:other" }],
    ],
    foreign: ["a token of a user", { "kubernetes.io": undefined }],
  },
  {
    type: "github",
    claimsOf: githubClaims,
    header: { x5t: "example-thumbprint" },
    rule: { repository_owner_id: "65", repository_id: "74", ref: "refs/heads/main", environment: "prod" },
    others: [
      ["another repository", { repository_id: "75" }],
      ["another account of the same name", { repository_owner_id: "66" }],
      ["another branch", { ref: "refs/heads/other" }],
      ["a pull request", { ref: "refs/pull/1/merge", event_name: "pull_request" }],
      ["another environment", { environment: "dev" }],
    ],
    foreign: ["a token without the repository's id", { repository_id: undefined }],
  },
  {
    type: "gitlab",
    claimsOf: gitlabClaims,
    header: {},
    rule: { namespace_id: "72", project_id: "20", ref_protected: "true", groups_direct: ["my-group/agents"] },
    others: [
      ["another project", { project_id: "21" }],
      ["another group of the same name", { namespace_id: "73" }],
      ["a branch that is not protected", { ref_protected: "false" }],
      ["a user of no such group", { groups_direct: ["my-group"] }],
    ],
    foreign: ["a token of a user who signs in", { project_id: undefined }],
  },
];

describe.each(PLATFORMS)("$type", ({ type, claimsOf, header, rule, others, foreign }) => {
  async function start() {
    const server = await startPlatform(rsa);
    const made = issuing(plainPolicy(server.issuer, { claims: rule }, { type }));
    const token = (changes: object = {}) =>
      rsa.sign(
        { ...claimsOf({ iss: server.issuer, aud: ISSUER, now: made.clock.now() }), ...changes },
        header,
      );
    return { ...made, token, server };
  }

  test("a token as the documentation shows it, of the workload that a rule names, is exchanged", async () => {
    const { exchange, token } = await start();
    expect((await exchange(await token())).status).toBe(200);
  });

  test.each(others)("a token of %s is not", async (_what, changes) => {
    const { exchange, token, observer } = await start();
    expect(await exchange(await token(changes))).toMatchObject({
      status: 400,
      body: { error: "invalid_grant" },
    });
    expect(observer.refusal.kind).toBe("not_allowed");
  });

  test(`${foreign[0]}, or for another audience, is no token of a workload`, async () => {
    const { exchange, token, observer } = await start();
    for (const changes of [foreign[1], { aud: "https://other.example" }]) {
      expect((await exchange(await token(changes))).status).toBe(400);
      expect(observer.refusal.kind).toBe("invalid_token");
    }
  });
});

test("a cluster's token that is good for a year, as clusters give for themselves, is refused", async () => {
  const server = await startPlatform(rsa);
  const { exchange, clock, observer } = issuing(plainPolicy(server.issuer, {}, { type: "kubernetes" }));
  const now = clock.now();
  const claims = { ...kubernetesClaims({ iss: server.issuer, aud: ISSUER, now }), exp: now + 31_536_000 };
  expect((await exchange(await rsa.sign(claims))).status).toBe(400);
  expect(observer.refusal.detail).toContain("lives longer than 86400 seconds");
});

describe("spiffe", () => {
  const RULE = { claims: { sub: "spiffe://prod.example/ns/agents/sa/support" } };

  /** Bundle of the trust domain (SPIFFE Trust Domain and Bundle §4): keys for JWT-SVIDs beside those for X.509. */
  function bundleOf(...keys: readonly SigningKey[]): object {
    return {
      spiffe_sequence: 1,
      spiffe_refresh_hint: 300,
      keys: keys.flatMap(({ publicJwk }) => [
        { ...publicJwk, kid: undefined, use: "x509-svid" },
        { ...publicJwk, alg: undefined, use: "jwt-svid" },
      ]),
    };
  }

  async function start(platform: object = {}, keys = [rsa]) {
    const server: PlatformServer = await startPlatform();
    server.instead = (_request, response) => response.writeHead(200).end(JSON.stringify(bundleOf(...keys)));
    const made = issuing(
      plainPolicy(server.issuer, RULE, {
        type: "spiffe",
        issuer: undefined,
        trustDomain: "prod.example",
        jwks: { url: `${server.issuer}/bundle` },
        ...platform,
      }),
    );
    const claims = (changes: object = {}) => ({
      ...spiffeClaims({ aud: ISSUER, now: made.clock.now() }),
      ...changes,
    });
    return { ...made, server, claims };
  }

  test.each(["JWT", "JOSE", undefined])("a JWT-SVID without iss, of type %s, is exchanged", async (typ) => {
    const { exchange, claims } = await start();
    expect((await exchange(await rsa.sign(claims(), { typ }))).status).toBe(200);
  });

  test("a JWT-SVID with the iss of its server is exchanged too, unless the policy names another", async () => {
    const { exchange, claims } = await start();
    const token = await rsa.sign(claims({ iss: "https://spire.prod.example" }));
    expect((await exchange(token)).status).toBe(200);
    const named = await start({ issuer: "https://oidc.prod.example" });
    expect((await named.exchange(token)).status).toBe(400);
    expect(
      (await named.exchange(await rsa.sign(named.claims({ iss: "https://oidc.prod.example" })))).status,
    ).toBe(200);
    expect((await named.exchange(await rsa.sign(named.claims()))).status).toBe(200);
  });

  test.each([
    "spiffe://other.example/ns/agents/sa/support",
    "spiffe://prod.example.evil.example/ns/agents/sa/support",
    "spiffe://prod.example",
    "spiffe://prod.example/../x",
    "spiffe://PROD.example/ns/agents/sa/support",
    "https://prod.example/ns/agents/sa/support",
  ])("the subject %s is none of the trust domain", async (sub) => {
    const { exchange, claims, observer } = await start();
    expect((await exchange(await rsa.sign(claims({ sub })))).status).toBe(400);
    expect(observer.refusal.kind).toBe("invalid_token");
  });

  test("a key of the bundle that is not for JWT-SVIDs verifies none", async () => {
    const server = await startPlatform();
    const keys = [
      { ...rsa.publicJwk, use: "x509-svid" },
      { ...rsa.publicJwk, use: "sig" },
      { ...rsa.publicJwk, use: undefined },
    ];
    server.instead = (_request, response) => response.writeHead(200).end(JSON.stringify({ keys }));
    const platform = {
      type: "spiffe",
      issuer: undefined,
      trustDomain: "prod.example",
      jwks: { url: `${server.issuer}/bundle` },
    };
    const { exchange, clock, observer } = issuing(plainPolicy(server.issuer, RULE, platform));
    expect((await exchange(await rsa.sign(spiffeClaims({ aud: ISSUER, now: clock.now() })))).status).toBe(
      400,
    );
    expect(observer.refusal.detail).toContain("no key");
  });

  test("a platform of another kind does not speak for the trust domain", async () => {
    const other = await signingKey();
    const server = await startPlatform(other);
    const [rule] = (plainPolicy("", RULE) as { rules: object[] }).rules;
    const { exchange, clock, observer } = issuing({
      platforms: {
        corp: { type: "spiffe", trustDomain: "prod.example", audience: ISSUER, jwks: bundleKeys() },
        idp: { issuer: server.issuer, audience: ISSUER, allowInsecure: "loopback" },
      },
      rules: [rule],
    });
    const claims = spiffeClaims({ aud: ISSUER, now: clock.now() });
    expect((await exchange(await other.sign({ ...claims, iss: server.issuer }))).status).toBe(400);
    expect(observer.refusal).toMatchObject({ kind: "not_allowed", platform: "idp" });
    expect((await exchange(await other.sign(claims))).status).toBe(400);
    expect(observer.refusal).toMatchObject({ kind: "invalid_token", platform: "corp" });
    expect((await exchange(await rsa.sign(claims))).status).toBe(200);
  });

  function bundleKeys(): object {
    return { keys: [{ ...rsa.publicJwk, use: "jwt-svid" }] };
  }
});
