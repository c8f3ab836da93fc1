import { createSign, generateKeyPairSync, type JsonWebKey } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A platform on a real server, which publishes discovery and keys as Kubernetes, GitHub and GitLab do. */
export interface Platform {
  /** Its issuer: `http://127.0.0.1:<port>`. */
  readonly issuer: string;
  /** Signs a workload's token with RS256. */
  token(claims: object): string;
  close(): void;
}

/** Serves `listener` on a free port of this machine. */
export async function serve(listener: RequestListener): Promise<{ origin: string; close: () => void }> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const KID = "platform-1";

/** @param answer answers what is no question for discovery or keys */
export async function startPlatform(
  answer: (request: IncomingMessage, response: ServerResponse) => void = (_, response) =>
    void response.writeHead(404).end(),
): Promise<Platform> {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const jwk: JsonWebKey = { ...publicKey.export({ format: "jwk" }), kid: KID, alg: "RS256", use: "sig" };
  const { origin, close } = await serve((request, response) => {
    const document = {
      "/.well-known/openid-configuration": { issuer: origin, jwks_uri: `${origin}/.well-known/jwks` },
      "/.well-known/jwks": { keys: [jwk] },
    }[request.url ?? ""];
    if (document === undefined) answer(request, response);
    else response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(document));
  });
  return {
    issuer: origin,
    token(claims) {
      const signed = [{ alg: "RS256", kid: KID, typ: "JWT" }, claims]
        .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
        .join(".");
      return `${signed}.${createSign("RSA-SHA256").update(signed).sign(privateKey, "base64url")}`;
    },
    close,
  };
}

/** Returns the claims of a GitHub Actions job, as GitHub's documentation shows them; `changes` replaces some. */
export function githubClaims(iss: string, aud: string, changes: object = {}): object {
  const now = Math.floor(Date.now() / 1000);
  return {
    jti: "example-id",
    sub: "repo:octo-org/octo-repo:ref:refs/heads/main",
    aud,
    ref: "refs/heads/main",
    repository: "octo-org/octo-repo",
    repository_owner: "octo-org",
    repository_id: "74",
    repository_owner_id: "65",
    run_id: "example-run-id",
    runner_environment: "github-hosted",
    workflow: "release",
    event_name: "workflow_dispatch",
    iss,
    nbf: now - 600,
    exp: now + 300,
    iat: now,
    ...changes,
  };
}

/** Returns the claims of a GitLab CI job, as GitLab's documentation shows them. */
export function gitlabClaims(iss: string, aud: string): object {
  const now = Math.floor(Date.now() / 1000);
  return {
    namespace_id: "72",
    namespace_path: "my-group",
    project_id: "20",
    project_path: "my-group/my-project",
    pipeline_id: "574",
    job_id: "302",
    ref: "main",
    ref_type: "branch",
    ref_protected: "true",
    iss,
    iat: now,
    nbf: now - 5,
    exp: now + 3600,
    sub: "project_path:my-group/my-project:ref_type:branch:ref:main",
    aud,
  };
}

/** Returns the claims of a pod's projected service account token, as Kubernetes' documentation shows them. */
export function kubernetesClaims(iss: string, aud: string, name = "support"): object {
  const now = Math.floor(Date.now() / 1000);
  return {
    aud: [aud],
    exp: now + 3600,
    iat: now,
    iss,
    jti: "ea28ed49-2e11-4280-9ec5-bc3d1d84661a",
    "kubernetes.io": { namespace: "agents", serviceaccount: { name, uid: "a087d5a0" } },
    nbf: now,
    sub: `system:serviceaccount:agents:${name}`,
  };
}
