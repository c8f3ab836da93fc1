import * as v from "valibot";
import { PROTOCOL_CLAIMS } from "../constants.js";
import { decodeBase64url } from "../encoding/base64url.js";
import { AttestationError, AttestationErrorCode } from "../errors.js";
import { AgentIdentity } from "../identity/agent-identity.js";
import { AgentIntegrity, isIntegrityHash } from "../identity/agent-integrity.js";
import {
  AttestationMetadata,
  AttestationType,
  areCapabilities,
  isCompatibleVersion,
  SafetyLevel,
} from "../identity/attestation-metadata.js";
import { CHECKED } from "../identity/checked.js";
import { isName } from "../identity/name.js";
import { isSpiffeId } from "../identity/spiffe-id.js";
import type { Ed25519PublicJwk } from "../keys/ed25519-public-key.js";

/** The claims of an attestation token. Times are seconds since the Unix epoch. */
export interface AttestationClaims {
  /** Who vouches (RFC 7519 §4.1.1). */
  readonly iss: string;
  /** The agent's SPIFFE ID (RFC 7519 §4.1.2). */
  readonly sub: string;
  /** For whom the token is meant (RFC 7519 §4.1.3), always as a list. */
  readonly aud: readonly string[];
  /** Issued at (RFC 7519 §4.1.6). */
  readonly iat: number;
  /** Expires at (RFC 7519 §4.1.4). */
  readonly exp: number;
  /** Not before (RFC 7519 §4.1.5). */
  readonly nbf: number | undefined;
  /** The token's id (RFC 7519 §4.1.7). */
  readonly jti: string;
  readonly agentIdentity: AgentIdentity;
  readonly attestationMetadata: AttestationMetadata;
  readonly agentIntegrity: AgentIntegrity | undefined;
  /** The key the token is bound to (RFC 7800 §3.2), if it is. */
  readonly cnf: { readonly jwk: Ed25519PublicJwk } | undefined;
  /** Every member as it stands in the token, unknown ones included. */
  readonly raw: Readonly<Record<string, unknown>>;
}

const MAX_AUDIENCES = 16;
const JTI = /^[ -~]{1,128}$/;

// Leaves are predicates of our own: a library's chain of small rules costs several times as much per claim.
const text = v.string();
const name = v.custom<string>(isName, "is not a string of 1 to 256 characters");
const time = v.custom<number>(
  (value) => isFiniteNumber(value) && value >= 0,
  "is not a finite number from 0 up",
);
const hash = v.custom<string>(isIntegrityHash, 'is not "sha256:" and 64 hex digits');
/** For an object that needs no member: valibot takes a list for an object too. */
const notList = v.custom<object>((value) => !Array.isArray(value), "is a list");

/**
 * The payload on the wire, in its shape and limits. Unknown members pass, and are found in `raw`. A member of an
 * extension object may be `null` for absent, as the 0.1.0 reference writes it.
 */
const payloadSchema = v.object({
  iss: text,
  sub: v.custom<string>(isSpiffeId, "is not a SPIFFE ID"),
  aud: v.custom<string | readonly string[]>(
    (value) => typeof value === "string" || (Array.isArray(value) && areAudiences(value)),
    `is neither a string nor a list of 1 to ${MAX_AUDIENCES} strings`,
  ),
  iat: time,
  exp: time,
  nbf: v.optional(v.custom<number>(isFiniteNumber, "is not a finite number")),
  jti: v.custom<string>(
    (value) => typeof value === "string" && JTI.test(value),
    "is not 1 to 128 printable ASCII characters",
  ),
  agent_identity: v.object({
    model_family: name,
    model_version: name,
    provider: name,
    deployment_id: v.nullish(name),
  }),
  attestation_metadata: v.object({
    attestation_version: v.custom<string>(isCompatibleVersion, "is not a version this package speaks"),
    attestation_type: v.picklist(Object.values(AttestationType)),
    safety_level: v.picklist(Object.values(SafetyLevel)),
    capabilities_declared: v.custom<readonly string[]>(
      areCapabilities,
      "is not a list of at most 64 strings",
    ),
  }),
  agent_integrity: v.nullish(
    v.pipe(notList, v.object({ config_hash: v.nullish(hash), system_prompt_hash: v.nullish(hash) })),
  ),
  cnf: v.optional(v.object({ jwk: v.custom<Ed25519PublicJwk>(isPublicJwk, "is not a public Ed25519 key") })),
});

/**
 * The claims of a payload.
 *
 * @throws {AttestationError} 1007 when one that every token carries is absent, 1008 when one breaks its rule.
 */
export function readClaims(payload: Readonly<Record<string, unknown>>): AttestationClaims {
  const missing = PROTOCOL_CLAIMS.filter((claim) => !Object.hasOwn(payload, claim));
  if (missing.length > 0) {
    throw new AttestationError(AttestationErrorCode.MISSING_CLAIMS, `missing: ${missing.join(", ")}`, {
      check: "claims",
    });
  }
  const parsed = v.safeParse(payloadSchema, payload, { abortEarly: true });
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw malformed(`${v.getDotPath(issue)}: ${issue.message}`);
  }
  const { iss, sub, aud, iat, exp, nbf, jti, agent_identity, attestation_metadata, agent_integrity, cnf } =
    parsed.output;
  if (exp <= iat) throw malformed("exp is not after iat");
  return Object.freeze({
    iss,
    sub,
    aud: Object.freeze(typeof aud === "string" ? [aud] : aud),
    iat,
    exp,
    nbf,
    jti,
    agentIdentity: new AgentIdentity(
      {
        modelFamily: agent_identity.model_family,
        modelVersion: agent_identity.model_version,
        provider: agent_identity.provider,
        deploymentId: agent_identity.deployment_id ?? undefined,
      },
      CHECKED,
    ),
    attestationMetadata: new AttestationMetadata(
      {
        attestationVersion: attestation_metadata.attestation_version,
        attestationType: attestation_metadata.attestation_type,
        safetyLevel: attestation_metadata.safety_level,
        capabilitiesDeclared: attestation_metadata.capabilities_declared,
      },
      CHECKED,
    ),
    agentIntegrity: agent_integrity
      ? new AgentIntegrity(
          {
            configHash: agent_integrity.config_hash ?? undefined,
            systemPromptHash: agent_integrity.system_prompt_hash ?? undefined,
          },
          CHECKED,
        )
      : undefined,
    cnf,
    raw: payload,
  });
}

/** What the wire carries for `claims`. Members that are `undefined` stay out of the JSON. */
export function writeClaims(claims: Omit<AttestationClaims, "raw">): object {
  const { iss, sub, aud, iat, exp, nbf, jti, agentIdentity, attestationMetadata, agentIntegrity, cnf } =
    claims;
  const [onlyAudience] = aud;
  return {
    iss,
    sub,
    aud: aud.length === 1 ? onlyAudience : aud,
    iat,
    exp,
    nbf,
    jti,
    agent_identity: {
      model_family: agentIdentity.modelFamily,
      model_version: agentIdentity.modelVersion,
      provider: agentIdentity.provider,
      deployment_id: agentIdentity.deploymentId,
    },
    attestation_metadata: {
      attestation_version: attestationMetadata.attestationVersion,
      attestation_type: attestationMetadata.attestationType,
      safety_level: attestationMetadata.safetyLevel,
      capabilities_declared: attestationMetadata.capabilitiesDeclared,
    },
    agent_integrity: agentIntegrity && {
      config_hash: agentIntegrity.configHash,
      system_prompt_hash: agentIntegrity.systemPromptHash,
    },
    cnf,
  };
}

function isFiniteNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

/** Whether `value` is what an `aud` claim may hold, as a list: 1 to 16 strings. */
export function areAudiences(value: readonly unknown[]): value is readonly string[] {
  return (
    value.length >= 1 &&
    value.length <= MAX_AUDIENCES &&
    value.every((audience) => typeof audience === "string")
  );
}

/**
 * Whether `value` has the shape of a public Ed25519 key. Whether its point is one to trust costs more than a
 * signature, so that is asked only once the issuer's signature stands. A private member is refused: whoever put
 * it there has given the key away.
 */
function isPublicJwk(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Object.hasOwn(value, "d")) return false;
  const { kty, crv, x } = value as { readonly kty?: unknown; readonly crv?: unknown; readonly x?: unknown };
  return kty === "OKP" && crv === "Ed25519" && typeof x === "string" && decodeBase64url(x)?.length === 32;
}

function malformed(detail: string): AttestationError {
  return new AttestationError(AttestationErrorCode.MALFORMED_TOKEN, detail);
}
