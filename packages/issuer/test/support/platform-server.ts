import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import type { SigningKey } from "./signing-key.ts";

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Platform on a real server: publishes discovery and keys, as Kubernetes, GitHub and GitLab do. */
export interface PlatformServer {
  /** The platform's issuer: `http://127.0.0.1:<port>`. */
  readonly issuer: string;
  /** Keys that are published now. */
  keys: readonly SigningKey[];
  /** Members that replace those of the discovery document. */
  discovery: Readonly<Record<string, unknown>>;
  /** Answers in place of the platform, where it is set. */
  instead: Answer | undefined;
  /** Paths that were asked for, in order. */
  readonly requests: string[];
}

/** Starts a platform on a free port; it is gone when the test is over. */
export async function startPlatform(...keys: readonly SigningKey[]): Promise<PlatformServer> {
  const platform = {
    issuer: "",
    keys,
    discovery: {},
    instead: undefined as Answer | undefined,
    requests: [] as string[],
  };
  const server = createServer((request, response) => {
    platform.requests.push(request.url ?? "");
    if (platform.instead !== undefined) return platform.instead(request, response);
    const document = {
      "/.well-known/openid-configuration": {
        issuer: platform.issuer,
        jwks_uri: `${platform.issuer}/openid/v1/jwks`,
        response_types_supported: ["id_token"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["RS256"],
        ...platform.discovery,
      },
      "/openid/v1/jwks": { keys: platform.keys.map(({ publicJwk }) => publicJwk) },
    }[request.url ?? ""];
    if (document === undefined) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(document));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  platform.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return platform;
}
