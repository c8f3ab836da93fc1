import { AttestationProvider, InMemoryReplayCache } from "@attest/core";
import { jwksHandler } from "@attest/jwks";
import { refusalAnswer, tokenAnswer } from "./endpoint/answers.js";
import { exchange } from "./endpoint/exchange.js";
import { readExchangeRequest } from "./endpoint/exchange-request.js";
import { metadataAnswer, placesOf } from "./endpoint/metadata.js";
import { readForm } from "./endpoint/read-form.js";
import { type IssuerOptions, readIssuerOptions } from "./issuer-options.js";
import { IssuerReports } from "./issuer-reports.js";
import { readTrustPolicy } from "./policy/read-trust-policy.js";
import { isTrustPolicy, type TrustPolicy } from "./policy/trust-policy.js";
import { PolicyInForce } from "./policy-in-force.js";
import { Refusal } from "./subject/refusal.js";

/** Issuer of attestations to workloads. */
export interface Issuer {
  /** The `iss` of its attestations. */
  readonly issuer: string;
  /** Policy in force. */
  readonly policy: TrustPolicy;
  /**
   * Answers a request: `POST /token` (RFC 8693), the key set at `/.well-known/jwks.json`, the metadata at
   * `/.well-known/openid-configuration` and `/.well-known/oauth-authorization-server`, and `/health`, each below the
   * issuer's path. It never rejects.
   */
  handle(request: Request): Promise<Response>;
  /**
   * Puts another trust policy in force: text, an object, or what `readTrustPolicy` returned. Exchanges under way end by the
   * policy that they began with. Returns whether it was done: a policy that is wrong is reported (`policy_refused`), and
   * the one before stays in force.
   */
  reload(policy: string | object): boolean;
  /** Ends requests to platforms that are under way, when nothing is to be answered any more. */
  close(): void;
}

/**
 * Makes an issuer, which exchanges the tokens that platforms give their workloads for attestations (protocol §9).
 *
 * @throws {TypeError | RangeError} naming the option that is wrong.
 * @throws {TrustPolicyError} when the policy cannot be this issuer's.
 */
export function createIssuer(options: IssuerOptions): Issuer {
  const settings = readIssuerOptions(options);
  const { issuer, trustDomain, signer, policy, timeoutSeconds, clock, observer } = settings;
  const { replayCache = new InMemoryReplayCache({ clock }) } = settings;
  const places = placesOf(issuer);
  const reports = new IssuerReports(observer);
  const provider = new AttestationProvider({ issuer, keyPair: signer, trustDomains: [trustDomain], clock });
  const answerKeys = jwksHandler(signer);
  let inForce = new PolicyInForce(policy, { issuer, trustDomain }, { clock, observer });
  reports.policyLoaded(policy);

  async function answerToken(request: Request): Promise<Response> {
    const startedAt = performance.now();
    let audience: string | undefined;
    try {
      if (request.method !== "POST") throw new Refusal("wrong_method", "the method is another one");
      const asked = readExchangeRequest(await readForm(request));
      audience = asked.audience;
      const issued = await exchange(asked, {
        provider,
        inForce,
        issuer,
        endpoint: places.token.href,
        replayCache,
        timeoutSeconds,
        clock,
      });
      reports.issued(issued, audience, startedAt);
      return tokenAnswer(issued.token, issued.rule.maxLifetimeSeconds);
    } catch (error) {
      const refusal =
        error instanceof Refusal
          ? error
          : new Refusal("issuer_failed", "the issuer failed", { cause: error });
      reports.refused(refusal, audience, startedAt);
      return refusalAnswer(refusal);
    }
  }

  function answer(request: Request): Response | Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === places.token.pathname) return answerToken(request);
    if (pathname === places.keys.pathname) return answerKeys(request);
    if (places.metadata.some((place) => place.pathname === pathname))
      return onlyRead(request, () => metadataAnswer(issuer, places));
    if (pathname === places.health.pathname)
      return onlyRead(request, () => Response.json({ status: "ok", issuer }, { headers: NOT_KEPT }));
    return Response.json({ error: "not_found" }, { status: 404, headers: NOT_KEPT });
  }

  return {
    issuer,
    get policy() {
      return inForce.policy;
    },
    async handle(request) {
      const startedAt = performance.now();
      try {
        return await answer(request);
      } catch (cause) {
        // A signer of the user's own may fail to name its keys.
        const refusal = new Refusal("issuer_failed", "the request could not be answered", { cause });
        reports.refused(refusal, undefined, startedAt);
        return refusalAnswer(refusal);
      }
    },
    reload(next) {
      try {
        inForce = inForce.replacedBy(isTrustPolicy(next) ? next : readTrustPolicy(next));
      } catch (error) {
        reports.policyRefused(error);
        return false;
      }
      reports.policyLoaded(inForce.policy);
      return true;
    },
    close: () => inForce.close(),
  };
}

const NOT_KEPT = { "cache-control": "no-store" };

/** Answers GET and HEAD, and other methods with 405 (RFC 9110 §15.5.6). */
function onlyRead(request: Request, answer: () => Response): Response {
  if (request.method === "GET") return answer();
  if (request.method === "HEAD") return new Response(null, answer());
  return new Response(null, { status: 405, headers: { allow: "GET, HEAD" } });
}
