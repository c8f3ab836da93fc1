import { createSign, generateKeyPairSync, timingSafeEqual } from "node:crypto";
import type { RequestListener } from "node:http";
import { runService } from "@attest/demo-service";
import { GITHUB_PATH, readJobs } from "./jobs.js";

/*
 * Stands in for GitHub: publishes discovery and keys, and gives each job an ID token with the claims that GitHub's tokens
 * have, at a token service that knows the job by its request token.
 */

const KID = "forge-1";
const LIFETIME_SECONDS = 300;

await runService("forge", () => {
  const jobs = readJobs(process.env["JOBS"] ?? "");
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const jwk = { ...publicKey.export({ format: "jwk" }), kid: KID, alg: "RS256", use: "sig" };

  function sign(claims: object): string {
    const signed = [{ alg: "RS256", kid: KID, typ: "JWT" }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".");
    return `${signed}.${createSign("RSA-SHA256").update(signed).sign(privateKey, "base64url")}`;
  }

  function idTokenFor(authorization: string, audience: string, issuer: string): string | undefined {
    const job = jobs.find(({ requestToken }) => isSame(authorization, `Bearer ${requestToken}`));
    if (job === undefined) return undefined;
    const now = Math.floor(Date.now() / 1000);
    const times = { iat: now, nbf: now - 600, exp: now + LIFETIME_SECONDS };
    return sign({ ...job.claims, ...times, iss: issuer, aud: audience, jti: crypto.randomUUID() });
  }

  const createListener =
    (origin: string): RequestListener =>
    ({ url = "", headers }, response) => {
      const { pathname, searchParams } = new URL(url, origin);
      const answer = (status: number, document: object) =>
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(document));
      if (pathname === "/.well-known/openid-configuration")
        return answer(200, { issuer: origin, jwks_uri: `${origin}/.well-known/jwks` });
      if (pathname === "/.well-known/jwks") return answer(200, { keys: [jwk] });
      if (pathname !== GITHUB_PATH) return answer(404, { message: "Not Found" });
      const value = idTokenFor(headers.authorization ?? "", searchParams.get("audience") ?? "", origin);
      return value === undefined
        ? answer(401, { message: "Bad credentials" })
        : answer(200, { count: value.length, value });
    };
  return { port: 0, createListener, close: async () => undefined };
});

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
