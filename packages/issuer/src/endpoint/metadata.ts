/** How long the documents may be kept, in seconds. */
const MAX_AGE_SECONDS = 300;

/** URLs of an issuer. */
export interface Places {
  readonly token: URL;
  readonly keys: URL;
  readonly health: URL;
  /** Both are asked for: RFC 8414 §3.1 puts the well-known part before the issuer's path, OIDC Discovery §4 behind it. */
  readonly metadata: readonly URL[];
}

/** Returns where an issuer's documents and endpoints are. */
export function placesOf(issuer: string): Places {
  const base = issuer.replace(/\/$/, "");
  const { origin, pathname } = new URL(base);
  const path = pathname.replace(/\/$/, "");
  return {
    token: new URL(`${base}/token`),
    keys: new URL(`${base}/.well-known/jwks.json`),
    health: new URL(`${base}/health`),
    metadata: [
      new URL(`${base}/.well-known/openid-configuration`),
      new URL(`${base}/.well-known/oauth-authorization-server`),
      new URL(`${origin}/.well-known/oauth-authorization-server${path}`),
    ],
  };
}

/** Returns the issuer's metadata, as OIDC Discovery 1.0 §3 and RFC 8414 §2 have it alike. */
export function metadataAnswer(issuer: string, { token, keys }: Places): Response {
  return Response.json(
    {
      issuer,
      jwks_uri: keys.href,
      token_endpoint: token.href,
      token_endpoint_auth_methods_supported: ["none"],
      grant_types_supported: ["urn:ietf:params:oauth:grant-type:token-exchange"],
      response_types_supported: [],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["EdDSA"],
    },
    {
      headers: {
        "cache-control": `public, max-age=${MAX_AGE_SECONDS}`,
        "access-control-allow-origin": "*",
        "x-content-type-options": "nosniff",
      },
    },
  );
}
