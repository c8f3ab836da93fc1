import { AgentIdentity, type AttestationVerifier, type CreateTokenOptions } from "@attest/core";
import { TestIssuer, type TestIssuerOptions } from "@attest/core/testing";

export const ISSUER = "https://id.example.com";
export const AUDIENCE = "https://mcp.example.com";
export const clientInfo = { name: "agent", version: "1.0.0" };
export const agentIdentity: AgentIdentity = new AgentIdentity({
  modelFamily: "m",
  modelVersion: "m-1",
  provider: "example",
});

/** The life of the tokens that a {@link Provider} makes, in seconds. */
export const LIFE = 300;

/** An agent's provider, and what a server needs to verify its tokens. */
export class Provider extends TestIssuer {
  constructor(options: Pick<TestIssuerOptions, "clock" | "keyPair"> = {}) {
    super({ issuer: ISSUER, identity: agentIdentity, audience: AUDIENCE, ...options });
  }

  /** Returns a fresh token. A function of its own, so that it can be handed on. */
  readonly token = (
    lifetimeSeconds: number = LIFE,
    confirmationKey?: CreateTokenOptions["confirmationKey"],
  ): Promise<string> => this.createToken({ lifetimeSeconds, confirmationKey });

  verifier(): AttestationVerifier {
    return this.createVerifier({ clockSkewSeconds: 0 });
  }
}
