import { type Ed25519PublicJwk, SafetyLevel } from "@attest/core";
import { describeIssue, objectMessage, type Problem } from "@attest/demo-service";
import * as v from "valibot";
import { MAX_TOKEN_LIFETIME_SECONDS } from "./config.js";

const MAX_AUDIENCES = 16;
// Room for 16 of them in a token that verifiers still look at.
const audience = v.pipe(
  v.string("must be a string"),
  v.regex(
    /^[!#-[\]-~]{1,256}$/,
    "must have 1 to 256 visible ASCII characters, none of them a quote or backslash",
  ),
);
const publicKey = "must be a public Ed25519 key as a JSON Web Key";
const lifetimeProblem = `must be a whole number of seconds from 1 to ${MAX_TOKEN_LIFETIME_SECONDS}`;

/** Strict: who the agent is stands in the provider's registry, and a body that tries to say it is refused. */
const attestationRequestSchema = v.pipe(
  v.unknown(),
  v.check((body) => !Array.isArray(body), "must be a JSON object"),
  v.strictObject(
    {
      audience: v.lazy((value) =>
        Array.isArray(value)
          ? v.pipe(
              v.array(audience),
              v.minLength(1, "must name at least one audience"),
              v.maxLength(MAX_AUDIENCES, `must name at most ${MAX_AUDIENCES} audiences`),
            )
          : audience,
      ),
      lifetimeSeconds: v.optional(
        v.pipe(
          v.number(lifetimeProblem),
          v.integer(lifetimeProblem),
          v.minValue(1, lifetimeProblem),
          v.maxValue(MAX_TOKEN_LIFETIME_SECONDS, lifetimeProblem),
        ),
      ),
      confirmationKey: v.optional(
        v.looseObject(
          { kty: v.literal("OKP", publicKey), crv: v.literal("Ed25519", publicKey), x: v.string(publicKey) },
          publicKey,
        ),
      ),
      confirmationProof: v.optional(v.string("must be a compact JWS")),
      safetyLevel: v.optional(
        v.picklist(Object.values(SafetyLevel), `must be one of ${Object.values(SafetyLevel).join(", ")}`),
      ),
    },
    objectMessage,
  ),
  v.check(
    ({ confirmationKey, confirmationProof }) =>
      (confirmationKey === undefined) === (confirmationProof === undefined),
    "must have confirmationKey and confirmationProof both, or neither",
  ),
);

/** Attestation that an agent asks for. */
export interface AttestationRequest {
  /** For which server, or servers, the token is to be. */
  readonly audience: string | readonly string[];
  /** Default: the provider's. */
  readonly lifetimeSeconds?: number | undefined;
  /** Default: the first of those the agent may be attested at. */
  readonly safetyLevel?: SafetyLevel | undefined;
  /** The key that the token is to be bound to. Default: none, and the token works once. */
  readonly confirmationKey?: Ed25519PublicJwk | undefined;
  /** A proof that the agent has that key. */
  readonly confirmationProof?: string | undefined;
}

/** A request body, checked; or what is wrong with it. */
export function readAttestationRequest(
  body: unknown,
): { readonly request: AttestationRequest; readonly problem?: undefined } | { readonly problem: Problem } {
  const parsed = v.safeParse(attestationRequestSchema, body, { abortEarly: true });
  return parsed.success
    ? { request: parsed.output as AttestationRequest }
    : { problem: describeIssue(parsed.issues[0]) };
}
