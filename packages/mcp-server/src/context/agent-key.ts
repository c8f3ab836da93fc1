import { membersOf } from "@attest/core/internal";

/** An attestation, as far as it tells one agent from another. */
export interface AgentAttestation {
  readonly issuer: string;
  readonly subject: string;
  readonly claims: object;
}

/**
 * Returns a text that is the same for the same agent: one issuer, one subject and, where the token is bound, one key
 * (protocol §4). A default subject names a model, and all its users share it.
 */
export function agentKeyOf({ issuer, subject, claims }: AgentAttestation): string {
  const key = membersOf(membersOf(membersOf(claims)["cnf"])["jwk"])["x"];
  return JSON.stringify([issuer, subject, typeof key === "string" ? key : null]);
}
