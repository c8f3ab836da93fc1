import { AgentIdentity } from "../identity/agent-identity.js";
import { AgentIntegrity } from "../identity/agent-integrity.js";
import { AttestationMetadata } from "../identity/attestation-metadata.js";
import type { AttestationClaims } from "./claims.js";

/** Claims as a provider states them. */
export type StatedClaims = Omit<AttestationClaims, "raw">;

/** JSON of what an agent is, by the object that says it. The same objects go into token after token. */
const written = new WeakMap<object, string>();

/** Returns the JSON that carries `claims` on the wire. Members that are `undefined` stay out of it. */
export function encodeClaims(claims: StatedClaims): string {
  const { iss, sub, aud, iat, exp, nbf, jti, agentIdentity, attestationMetadata, agentIntegrity, cnf } =
    claims;
  const audience = aud.length === 1 ? aud[0] : aud;
  const registered = JSON.stringify({ iss, sub, aud: audience, iat, exp, nbf, jti });
  const identity = jsonOf(agentIdentity, identityOnWire);
  const metadata = jsonOf(attestationMetadata, metadataOnWire);
  const integrity = agentIntegrity && `,"agent_integrity":${jsonOf(agentIntegrity, integrityOnWire)}`;
  const confirmation = cnf && `,"cnf":${JSON.stringify(cnf)}`;
  return `${registered.slice(0, -1)},"agent_identity":${identity},"attestation_metadata":${metadata}${integrity ?? ""}${confirmation ?? ""}}`;
}

function jsonOf<Part extends object>(part: Part, onWire: (part: Part) => object): string {
  const known = written.get(part);
  if (known !== undefined) return known;
  const json = JSON.stringify(onWire(part));
  if (isUnchanging(part)) written.set(part, json);
  return json;
}

/** Whether `part` is of a class that freezes what it says. An object that only looks like one may change. */
function isUnchanging(part: object): boolean {
  return (
    part instanceof AgentIdentity || part instanceof AttestationMetadata || part instanceof AgentIntegrity
  );
}

function identityOnWire({ modelFamily, modelVersion, provider, deploymentId }: AgentIdentity): object {
  return { model_family: modelFamily, model_version: modelVersion, provider, deployment_id: deploymentId };
}

function metadataOnWire(metadata: AttestationMetadata): object {
  return {
    attestation_version: metadata.attestationVersion,
    attestation_type: metadata.attestationType,
    safety_level: metadata.safetyLevel,
    capabilities_declared: metadata.capabilitiesDeclared,
  };
}

function integrityOnWire({ configHash, systemPromptHash }: AgentIntegrity): object {
  return { config_hash: configHash, system_prompt_hash: systemPromptHash };
}
