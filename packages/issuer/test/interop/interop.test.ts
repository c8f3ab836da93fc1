import { AttestationVerifier, KeyPair } from "@attest/core";
import { HTTPKeyResolver } from "@attest/jwks";
import { createRemoteJWKSet, jwtVerify } from "jose";
import * as oauth from "oauth4webapi";
import { describe, expect, onTestFinished, test } from "vitest";
import { ALGORITHMS, startIdentityProvider } from "../support/identity-provider.ts";
import { AUDIENCE, JWT } from "../support/issuing.ts";
import { serveIssuer } from "../support/served-issuer.ts";

const GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange";
const LOOPBACK = { [oauth.allowInsecureRequests]: true };
const PLATFORM_AUDIENCE = "attest";

/** An issuer that trusts the machines of a real identity provider. */
async function start() {
  const provider = await startIdentityProvider(PLATFORM_AUDIENCE);
  let ahead = 0;
  const clock = { now: () => Date.now() / 1000 + ahead };
  const policy = {
    platforms: { idp: { issuer: provider.issuer, audience: PLATFORM_AUDIENCE, allowInsecure: "loopback" } },
    rules: ALGORITHMS.map((alg) => ({
      name: alg,
      from: "idp",
      claims: { sub: `${alg}-agent` },
      agent: { modelFamily: "m", modelVersion: "m-1", provider: "acme" },
      audiences: [AUDIENCE],
    })),
  };
  const served = await serveIssuer(policy, clock);
  const { issuer } = served.issuer;
  /** Exchanges a token as a client that others wrote does it: finds the endpoint by discovery. */
  const exchange = async (token: string, algorithm: "oidc" | "oauth2" = "oidc", audience = AUDIENCE) => {
    const url = new URL(issuer);
    const discovered = await oauth.discoveryRequest(url, { algorithm, ...LOOPBACK });
    const server = await oauth.processDiscoveryResponse(url, discovered);
    const client = { client_id: "agent" };
    const parameters = { subject_token: token, subject_token_type: JWT, audience };
    const response = await oauth.genericTokenEndpointRequest(
      server,
      client,
      oauth.None(),
      GRANT_TYPE,
      parameters,
      LOOPBACK,
    );
    return oauth.processGenericTokenEndpointResponse(server, client, response, {
      recognizedTokenTypes: { n_a: () => undefined },
    });
  };
  const keyResolver = new HTTPKeyResolver({ allowInsecure: "loopback", clock });
  const verifier = new AttestationVerifier({
    trustedIssuers: [{ issuer, trustDomains: ["corp.example"] }],
    keyResolver,
    audience: AUDIENCE,
    clock,
  });
  onTestFinished(() => keyResolver.close());
  const advance = (seconds: number) => {
    ahead += seconds;
  };
  return { ...served, provider, exchange, verifier, advance };
}

describe("with oidc-provider as platform and oauth4webapi as client", () => {
  test.each(ALGORITHMS)("a machine whose token is signed with %s gets an attestation", async (alg) => {
    const { provider, exchange, verifier, issuer } = await start();
    const answer = await exchange(await provider.token(alg));
    expect(answer).toMatchObject({ token_type: "n_a", issued_token_type: JWT, expires_in: 300 });
    expect(await verifier.verify(answer.access_token)).toMatchObject({
      verified: true,
      trustLevel: "enterprise",
      subject: `spiffe://corp.example/agent/${alg}`,
    });
    const keys = createRemoteJWKSet(new URL(`${issuer.issuer}/.well-known/jwks.json`));
    const other = await exchange(await provider.token(alg), "oauth2");
    const { payload } = await jwtVerify(other.access_token, keys, {
      issuer: issuer.issuer,
      audience: AUDIENCE,
    });
    expect(payload.sub).toBe(`spiffe://corp.example/agent/${alg}`);
  });

  test("a refusal reaches the client as an OAuth error, with its code and sentence", async () => {
    const { provider, exchange } = await start();
    const token = await provider.token("ES256");
    await expect(exchange(token, "oidc", "https://other.example")).rejects.toMatchObject({
      name: "ResponseBodyError",
      error: "invalid_target",
      error_description: "No rule of this issuer allows the workload this audience.",
    });
    await expect(exchange(`${token}A`)).rejects.toMatchObject({ error: "invalid_grant", status: 400 });
  });

  test("tokens flow on while the provider and the issuer rotate their keys", async () => {
    const { provider, exchange, verifier, keyRing, advance } = await start();
    for (let round = 0; round < 3; round++) {
      const before = await Promise.all(ALGORITHMS.map((alg) => provider.token(alg)));
      // Unknown keys are asked for once per cooldown.
      advance(31);
      await provider.rotate();
      keyRing.rotate(KeyPair.generate());
      const after = await Promise.all(ALGORITHMS.map((alg) => provider.token(alg)));
      const answers = await Promise.all([...before, ...after].map((token) => exchange(token)));
      for (const { access_token } of answers)
        expect(await verifier.verify(access_token)).toMatchObject({ verified: true });
    }
  });
});
