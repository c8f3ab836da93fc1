import {
  AgentIdentity,
  AgentIntegrity,
  AttestationMetadata,
  AttestationProvider,
  KeyPair,
} from "@attest/core";

export const ISSUER = "https://api.anthropic.com";
export const AUDIENCE = "https://mcp.example.com";

/** The key pair that every contender signs or verifies with. */
export const keyPair: KeyPair = KeyPair.generate("bench-2026");

export const identity: AgentIdentity = new AgentIdentity({
  modelFamily: "claude-4",
  modelVersion: "claude-sonnet-4-20250514",
  provider: "anthropic",
  deploymentId: "api-prod-us-east",
});

/** With these a token is about a kilobyte long. */
export const details = {
  integrity: new AgentIntegrity({
    configHash: AgentIntegrity.computeHash('{"temperature": 0.7}'),
    systemPromptHash: AgentIntegrity.computeHash("You are a helpful assistant"),
  }),
  metadata: new AttestationMetadata({ capabilitiesDeclared: ["tool_use", "code_execution"] }),
} as const;

const provider = new AttestationProvider({ issuer: ISSUER, keyPair });

/** `count` fresh tokens. */
export async function freshTokens(count: number): Promise<string[]> {
  const tokens: string[] = [];
  for (let index = 0; index < count; index++) {
    tokens.push(await provider.createToken({ identity, audience: AUDIENCE, ...details }));
  }
  return tokens;
}
