import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import { type Adapter, type JWKS, Provider } from "oidc-provider";
import { onTestFinished } from "vitest";

/** A certified OIDC provider, whose machines get JWT access tokens signed with the algorithm that they are named after. */
export interface IdentityProvider {
  readonly issuer: string;
  /** Returns a token for the machine named `<algorithm>-agent`. */
  token(alg: string): Promise<string>;
  /** Signs with new keys from now on, and publishes the old ones on. */
  rotate(): Promise<void>;
}

export const ALGORITHMS = ["RS256", "ES256", "EdDSA"] as const;
const SECRET = "a-secret-of-the-tests-alone";

async function newKeys(): Promise<readonly JWK[]> {
  return Promise.all(
    ALGORITHMS.map(async (alg) => {
      const { privateKey } = await generateKeyPair(alg, { extractable: true });
      return { ...(await exportJWK(privateKey)), alg, use: "sig", kid: `${alg}-${crypto.randomUUID()}` };
    }),
  );
}

/** @param audience `aud` of its access tokens */
export async function startIdentityProvider(audience: string): Promise<IdentityProvider> {
  let answer: RequestListener = (_request, response) => void response.writeHead(503).end();
  const server = createServer((request, response) => answer(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let retired: readonly JWK[] = [];
  let current = await newKeys();
  const serve = (): void => {
    const keys = [...current, ...retired];
    answer = new Provider(issuer, configuration(keys, audience)).callback();
  };
  serve();
  return {
    issuer,
    async token(alg) {
      const response = await fetch(`${issuer}/token`, {
        method: "POST",
        headers: { authorization: `Basic ${btoa(`${alg}-agent:${SECRET}`)}` },
        body: new URLSearchParams({ grant_type: "client_credentials" }),
      });
      const { access_token } = (await response.json()) as { access_token?: string };
      if (access_token === undefined) throw new Error(`the identity provider answered ${response.status}`);
      return access_token;
    },
    async rotate() {
      retired = [...current, ...retired].slice(0, 2 * ALGORITHMS.length);
      current = await newKeys();
      serve();
    },
  };
}

function configuration(keys: readonly JWK[], audience: string): ConstructorParameters<typeof Provider>[1] {
  return {
    jwks: { keys } as JWKS,
    clients: ALGORITHMS.map((alg) => ({
      client_id: `${alg}-agent`,
      client_secret: SECRET,
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
    })),
    ttl: { ClientCredentials: 300 },
    // Machines' tokens are JWTs, and nothing is kept.
    adapter: (): Adapter => ({
      upsert: async () => undefined,
      find: async () => undefined,
      findByUserCode: async () => undefined,
      findByUid: async () => undefined,
      consume: async () => undefined,
      destroy: async () => undefined,
      revokeByGrantId: async () => undefined,
    }),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => "https://attest.corp.example",
        getResourceServerInfo: (_context, _resource, client) => ({
          scope: "",
          audience,
          accessTokenFormat: "jwt",
          accessTokenTTL: 300,
          jwt: { sign: { alg: client.clientId.split("-")[0] as "ES256" } },
        }),
      },
    },
  };
}
