import { AgentIdentity, AttestationProvider } from "@attest/core";
import { describe, expect, test } from "vitest";
import { readTrustPolicy } from "../../src/index.js";
import { githubClaims, kubernetesClaims } from "../support/documented-claims.ts";
import { ISSUER, issuing, plainClaims, plainPolicy } from "../support/issuing.ts";
import { startPlatform } from "../support/platform-server.ts";
import { signingKey } from "../support/signing-key.ts";

const GITHUB = "https://token.actions.githubusercontent.com";
const CLUSTER = "https://kubernetes.default.svc";
const github = await signingKey("RS256");
const cluster = await signingKey("RS256");

/** An issuer that trusts one repository and one service account, by keys that stand in its policy. */
function trusting() {
  const [rule] = (plainPolicy("") as { rules: object[] }).rules;
  const policy = {
    platforms: {
      github: { issuer: GITHUB, audience: ISSUER, jwks: { keys: [github.publicJwk] } },
      cluster: { type: "kubernetes", issuer: CLUSTER, audience: ISSUER, jwks: { keys: [cluster.publicJwk] } },
    },
    rules: [
      { ...rule, name: "bot", from: "github", claims: { repository_owner_id: "65", repository_id: "74" } },
      { ...rule, name: "support", from: "cluster", claims: { sub: "system:serviceaccount:agents:support" } },
    ],
  };
  const made = issuing(policy);
  const now = made.clock.now();
  const fromGithub = (changes: object = {}) =>
    github.sign({ ...githubClaims({ iss: GITHUB, aud: ISSUER, now }), ...changes });
  const fromCluster = (key = cluster) => key.sign(kubernetesClaims({ iss: CLUSTER, aud: ISSUER, now }));
  return { ...made, policy, fromGithub, fromCluster };
}

describe("must be refused:", () => {
  test("a token of another repository, account, cluster or audience", async () => {
    const { exchange, fromGithub, fromCluster } = trusting();
    expect((await exchange(await fromGithub())).status).toBe(200);
    expect((await exchange(await fromCluster())).status).toBe(200);
    const otherCluster = await signingKey("RS256", cluster.kid);
    const others = [
      fromGithub({ repository_id: "75", repository: "octo-org/other" }),
      fromGithub({ repository_owner_id: "66" }),
      fromGithub({ aud: "https://github.com/octo-org" }),
      fromCluster(otherCluster),
    ];
    for (const token of await Promise.all(others))
      expect(await exchange(token)).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
  });

  test("a shared platform without an owner's id (refused when loaded)", () => {
    const { policy, issuer } = trusting();
    const [bot, support] = policy.rules;
    const byName = { ...policy, rules: [{ ...bot, claims: { repository: "octo-org/octo-repo" } }, support] };
    expect(() => readTrustPolicy(byName)).toThrow(
      "add repository_owner_id, the owner's id, as an exact value",
    );
    expect(issuer.reload(byName)).toBe(false);
  });

  test("an own attestation as subject token", async () => {
    const { exchange, fromGithub, keyRing, clock } = trusting();
    const { body } = await exchange(await fromGithub());
    const identity = new AgentIdentity({ modelFamily: "m", modelVersion: "m-1", provider: "acme" });
    const provider = new AttestationProvider({ issuer: GITHUB, keyPair: keyRing, clock });
    for (const token of [
      body["access_token"] as string,
      await provider.createToken({ identity, audience: ISSUER }),
      await fromGithub({ attestation_metadata: {} }),
    ])
      expect(await exchange(token)).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
  });

  test("discovery that names another issuer", async () => {
    const server = await startPlatform(github);
    const { exchange, clock } = issuing(plainPolicy(server.issuer));
    const token = await github.sign(plainClaims(server.issuer, clock.now()));
    for (const issuer of ["https://evil.example", `${server.issuer}/`, undefined, [server.issuer]]) {
      server.discovery = { issuer };
      clock.advance(31);
      expect((await exchange(token)).status).toBe(503);
    }
    expect(server.requests).not.toContain("/openid/v1/jwks");
  });

  test("a policy file that is wrong (the old one stays)", async () => {
    const { issuer, exchange, fromGithub, policy, observer } = trusting();
    const wrong = [
      "",
      "rules",
      JSON.stringify(policy).slice(0, -1),
      { ...policy, rules: undefined },
      { ...policy, rules: [{ ...policy.rules[0], audience: ["*"] }] },
      { ...policy, platforms: {} },
    ];
    for (const document of wrong) {
      expect(issuer.reload(document)).toBe(false);
      expect(observer.events.at(-1)).toMatchObject({ type: "policy_refused" });
    }
    expect((await exchange(await fromGithub())).status).toBe(200);
  });
});
