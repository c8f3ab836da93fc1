import { KeyPair } from "@attest/core";
import { FixedClock } from "@attest/core/testing";
import { KeyRing } from "@attest/jwks";
import { onTestFinished } from "vitest";
import { createIssuer, type Issuer, type IssuerOptions, readTrustPolicy } from "../../src/index.js";
import { Recorder } from "./recorder.ts";

export const ISSUER = "https://attest.corp.example";
export const AUDIENCE = "https://mcp.corp.example";
export const JWT = "urn:ietf:params:oauth:token-type:jwt";

export interface Issuing {
  readonly issuer: Issuer;
  readonly keyRing: KeyRing;
  readonly clock: FixedClock;
  readonly observer: Recorder;
  /** Asks for an attestation; `changes` replaces parameters, and `undefined` leaves one out. */
  exchange(token: string, changes?: Readonly<Record<string, string | undefined>>): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Makes an issuer with a clock that stands still. */
export function issuing(policy: string | object, options: Partial<IssuerOptions> = {}): Issuing {
  const clock = new FixedClock();
  const observer = new Recorder();
  const keyRing = new KeyRing({ current: KeyPair.generate(), clock });
  const issuer = createIssuer({
    issuer: ISSUER,
    trustDomain: "corp.example",
    signer: keyRing,
    policy: readTrustPolicy(policy),
    clock,
    observer,
    ...options,
  });
  onTestFinished(() => issuer.close());
  return {
    issuer,
    keyRing,
    clock,
    observer,
    exchange: (token, changes) => post(issuer, exchangeForm(token, changes)),
  };
}

/** Returns the parameters of an exchange. */
export function exchangeForm(
  token: string,
  changes: Readonly<Record<string, string | undefined>> = {},
): URLSearchParams {
  const parameters = {
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    subject_token: token,
    subject_token_type: JWT,
    audience: AUDIENCE,
    ...changes,
  };
  return new URLSearchParams(
    Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** Sends a form to the token endpoint, by the issuer's handler. */
export async function post(
  issuer: Issuer,
  body: RequestInit["body"],
  init: RequestInit = {},
): Promise<Answer> {
  const request = new Request(`${issuer.issuer}/token`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    ...(body === undefined ? {} : { body }),
    ...init,
  });
  const response = await issuer.handle(request);
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Answer["body"],
  };
}

/** A policy with one plain OIDC platform, and one rule. A member that is `undefined` is left out. */
export function plainPolicy(platformIssuer: string, rule: object = {}, platform: object = {}): object {
  const policy = {
    platforms: {
      corp: { issuer: platformIssuer, audience: ISSUER, allowInsecure: "loopback", ...platform },
    },
    rules: [
      {
        name: "support agent",
        from: "corp",
        claims: { sub: "support" },
        agent: {
          modelFamily: "claude-4",
          modelVersion: "claude-sonnet-4",
          provider: "anthropic",
          deploymentId: "prod",
        },
        capabilities: ["tool_use"],
        audiences: [AUDIENCE, "https://*.tools.corp.example"],
        ...rule,
      },
    ],
  };
  return JSON.parse(JSON.stringify(policy));
}

/** Claims of a workload of that platform. */
export function plainClaims(platformIssuer: string, now: number, changes: object = {}): object {
  return { iss: platformIssuer, sub: "support", aud: ISSUER, iat: now, exp: now + 300, ...changes };
}
