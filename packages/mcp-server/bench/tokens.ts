import {
  AgentIdentity,
  AgentIntegrity,
  AttestationMetadata,
  AttestationProvider,
  KeyPair,
} from "@attest/core";

export const ISSUER = "https://api.anthropic.com";
export const AUDIENCE = "https://mcp.example.com";
export const keyPair: KeyPair = KeyPair.generate("bench-2026");

const provider = new AttestationProvider({ issuer: ISSUER, keyPair, defaultLifetimeSeconds: 900 });
const identity = new AgentIdentity({
  modelFamily: "claude-4",
  modelVersion: "claude-sonnet-4-20250514",
  provider: "anthropic",
  deploymentId: "api-prod-us-east",
});
const integrity = new AgentIntegrity({
  configHash: AgentIntegrity.computeHash('{"temperature": 0.7}'),
  systemPromptHash: AgentIntegrity.computeHash("You are a helpful assistant"),
});
const metadata = new AttestationMetadata({ capabilitiesDeclared: ["tool_use", "code_execution"] });

/** A token of about a kilobyte, fresh. */
export function freshToken(): Promise<string> {
  return provider.createToken({ identity, audience: AUDIENCE, integrity, metadata });
}
