import { ProofPolicy, VerificationPolicy } from "@attest/core";
import { type Environment, readEnvironment, trustDomain, wholeNumber } from "@attest/demo-service";
import * as v from "valibot";

/** Settings from the environment. */
export interface Config {
  readonly port: number;
  /** Issuer that is trusted. Its key set is fetched from there. */
  readonly issuer: string;
  /** The SPIFFE trust domain that issuer may attest. */
  readonly trustDomain: string;
  readonly policy: VerificationPolicy;
  /** Which tokens need a proof of possession, and how often. */
  readonly requireProof: ProofPolicy;
  /** The name under which tokens are meant for this server; `undefined`: the origin that is listened on. */
  readonly audience: string | undefined;
  /** The Redis that remembers used tokens for all servers; `undefined`: each remembers its own, in memory. */
  readonly redisUrl: string | undefined;
}

const environmentSchema = v.object({
  PORT: v.optional(wholeNumber(0, 65_535), "4200"),
  ISSUER: v.optional(
    v.pipe(
      v.string(),
      v.check(
        (issuer) => ["http:", "https:"].includes(URL.parse(issuer)?.protocol ?? ""),
        "must be an http or https URL",
      ),
      v.check(
        (issuer) => !issuer.endsWith("/"),
        "must be spelt as its tokens spell it, without a slash at its end",
      ),
    ),
    "http://127.0.0.1:4100",
  ),
  TRUST_DOMAIN: v.optional(trustDomain, "provider.example"),
  POLICY: v.optional(
    v.picklist(
      Object.values(VerificationPolicy),
      `must be one of ${Object.values(VerificationPolicy).join(", ")}`,
    ),
    VerificationPolicy.REQUIRED,
  ),
  REQUIRE_PROOF: v.optional(
    v.picklist(Object.values(ProofPolicy), `must be one of ${Object.values(ProofPolicy).join(", ")}`),
    ProofPolicy.WHEN_BOUND,
  ),
  AUDIENCE: v.optional(v.string()),
  REDIS_URL: v.optional(
    v.pipe(
      v.string(),
      v.check(
        (url) => ["redis:", "rediss:"].includes(URL.parse(url)?.protocol ?? ""),
        "must be a redis or rediss URL",
      ),
    ),
  ),
});

/** @throws {StartError} naming the variable that is wrong. */
export function readConfig(environment: Environment): Config {
  const read = readEnvironment(environmentSchema, environment);
  return {
    port: read.PORT,
    issuer: read.ISSUER,
    trustDomain: read.TRUST_DOMAIN,
    policy: read.POLICY,
    requireProof: read.REQUIRE_PROOF,
    audience: read.AUDIENCE,
    redisUrl: read.REDIS_URL,
  };
}
