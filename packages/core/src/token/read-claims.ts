import { PROTOCOL_CLAIMS } from "../constants.js";
import { decodeBase64url } from "../encoding/base64url.js";
import { AttestationError, AttestationErrorCode } from "../errors.js";
import { AgentIdentity } from "../identity/agent-identity.js";
import { AgentIntegrity, isIntegrityHash } from "../identity/agent-integrity.js";
import {
  AttestationMetadata,
  areCapabilities,
  isAttestationType,
  isCompatibleVersion,
  isSafetyLevel,
} from "../identity/attestation-metadata.js";
import { CHECKED } from "../identity/checked-options.js";
import { isName } from "../identity/name.js";
import { isSpiffeId } from "../identity/spiffe-id.js";
import type { Ed25519PublicJwk } from "../keys/ed25519-public-key.js";
import { type AttestationClaims, areAudiences, MAX_AUDIENCES } from "./claims.js";
import { isSupportedAlgorithm } from "./token-header.js";

type Members = Readonly<Record<string, unknown>>;

const TOKEN_ID = /^[ -~]{1,128}$/;
const NO_OBJECT = "is not an object";
const NO_NAME = "is not a string of 1 to 256 characters";
const NO_TIME = "is not a finite number from 0 up";
const NO_HASH = 'is not "sha256:" and 64 hex digits';

/**
 * Returns the claims of a payload, checked for their shapes and limits. Unknown members pass, and are found in `raw`. A
 * member of an extension object may be `null` for absent, as the 0.1.0 reference writes it.
 *
 * Written as a straight line, since the chains of small rules that schema libraries run cost five times as much.
 *
 * @throws {AttestationError} 1007 when a claim that every token carries is absent, 1008 when a claim breaks its rule.
 */
export function readClaims(payload: Members): AttestationClaims {
  if (!PROTOCOL_CLAIMS.every((claim) => Object.hasOwn(payload, claim))) throw missingClaims(payload);
  const { iss, sub, aud, iat, exp, nbf, jti } = payload;
  must(typeof iss === "string", "iss", "is not a string");
  must(isSpiffeId(sub), "sub", "is not a SPIFFE ID");
  const audiences: unknown = typeof aud === "string" ? [aud] : aud;
  must(areAudiences(audiences), "aud", `is neither a string nor a list of 1 to ${MAX_AUDIENCES} strings`);
  must(isTime(iat), "iat", NO_TIME);
  must(isTime(exp), "exp", NO_TIME);
  if (exp <= iat) throw malformed("exp is not after iat");
  must(nbf === undefined || isFiniteNumber(nbf), "nbf", "is not a finite number");
  must(isTokenId(jti), "jti", "is not 1 to 128 printable ASCII characters");
  return Object.freeze({
    iss,
    sub,
    aud: Object.freeze(audiences),
    iat,
    exp,
    nbf,
    jti,
    agentIdentity: readIdentity(payload["agent_identity"]),
    attestationMetadata: readMetadata(payload["attestation_metadata"]),
    agentIntegrity: readIntegrity(payload["agent_integrity"]),
    cnf: readConfirmation(payload["cnf"]),
    raw: payload,
  });
}

function readIdentity(claim: unknown): AgentIdentity {
  must(isObject(claim), "agent_identity", NO_OBJECT);
  const { model_family, model_version, provider } = claim;
  const deploymentId = claim["deployment_id"] ?? undefined;
  must(isName(model_family), "agent_identity.model_family", NO_NAME);
  must(isName(model_version), "agent_identity.model_version", NO_NAME);
  must(isName(provider), "agent_identity.provider", NO_NAME);
  must(deploymentId === undefined || isName(deploymentId), "agent_identity.deployment_id", NO_NAME);
  return new AgentIdentity(
    { modelFamily: model_family, modelVersion: model_version, provider, deploymentId },
    CHECKED,
  );
}

function readMetadata(claim: unknown): AttestationMetadata {
  must(isObject(claim), "attestation_metadata", NO_OBJECT);
  const { attestation_version, attestation_type, safety_level, capabilities_declared } = claim;
  must(
    isCompatibleVersion(attestation_version),
    "attestation_metadata.attestation_version",
    "is not a version this package speaks",
  );
  must(
    isAttestationType(attestation_type),
    "attestation_metadata.attestation_type",
    "is not an attestation type",
  );
  must(isSafetyLevel(safety_level), "attestation_metadata.safety_level", "is not a safety level");
  must(
    areCapabilities(capabilities_declared),
    "attestation_metadata.capabilities_declared",
    "is not a list of at most 64 strings",
  );
  return new AttestationMetadata(
    {
      attestationVersion: attestation_version,
      attestationType: attestation_type,
      safetyLevel: safety_level,
      capabilitiesDeclared: capabilities_declared,
    },
    CHECKED,
  );
}

function readIntegrity(claim: unknown): AgentIntegrity | undefined {
  if (claim === undefined || claim === null) return undefined;
  // Both members may be absent, so that a list would pass for an object.
  must(!Array.isArray(claim), "agent_integrity", "is a list");
  must(isObject(claim), "agent_integrity", NO_OBJECT);
  const configHash = claim["config_hash"] ?? undefined;
  const systemPromptHash = claim["system_prompt_hash"] ?? undefined;
  must(configHash === undefined || isIntegrityHash(configHash), "agent_integrity.config_hash", NO_HASH);
  must(
    systemPromptHash === undefined || isIntegrityHash(systemPromptHash),
    "agent_integrity.system_prompt_hash",
    NO_HASH,
  );
  return new AgentIntegrity({ configHash, systemPromptHash }, CHECKED);
}

function readConfirmation(claim: unknown): AttestationClaims["cnf"] {
  if (claim === undefined) return undefined;
  must(isObject(claim), "cnf", NO_OBJECT);
  const { jwk } = claim;
  must(isPublicJwk(jwk), "cnf.jwk", "is not a public Ed25519 key");
  return { jwk };
}

/**
 * Whether `value` has the shape of a public Ed25519 key. Whether its point can be trusted costs more than a signature, so
 * that is asked only once the issuer's signature stands. A private member is refused: who put it there gave the key away.
 */
function isPublicJwk(value: unknown): value is Ed25519PublicJwk {
  if (!isObject(value) || Object.hasOwn(value, "d")) return false;
  const { kty, crv, alg, x } = value;
  return (
    kty === "OKP" &&
    crv === "Ed25519" &&
    (alg === undefined || alg === null || isSupportedAlgorithm(alg)) &&
    typeof x === "string" &&
    decodeBase64url(x)?.length === 32
  );
}

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null;
}

function isFiniteNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

function isTime(value: unknown): value is number {
  return isFiniteNumber(value) && value >= 0;
}

function isTokenId(value: unknown): value is string {
  return typeof value === "string" && TOKEN_ID.test(value);
}

/** @throws {AttestationError} 1008, which names the claim and the rule, and never what is in the claim. */
function must(holds: boolean, claim: string, rule: string): asserts holds {
  if (!holds) throw malformed(`${claim}: ${rule}`);
}

function malformed(detail: string): AttestationError {
  return new AttestationError(AttestationErrorCode.MALFORMED_TOKEN, detail);
}

function missingClaims(payload: Members): AttestationError {
  const missing = PROTOCOL_CLAIMS.filter((claim) => !Object.hasOwn(payload, claim));
  return new AttestationError(AttestationErrorCode.MISSING_CLAIMS, `missing: ${missing.join(", ")}`, {
    check: "claims",
  });
}
