import {
  AgentIdentity,
  AttestationMetadata,
  type AttestationVerifier,
  type AttestationVerifierOptions,
  type KeyPair,
} from "@attest/core";
import { TestIssuer, type TestTokenOptions } from "@attest/core/testing";

export const ISSUER = "https://api.anthropic.com";
export const AUDIENCE = "https://mcp.example.com";

export const sonnet = new AgentIdentity({
  modelFamily: "claude-4",
  modelVersion: "claude-sonnet-4",
  provider: "anthropic",
});
export const opus = new AgentIdentity({
  modelFamily: "claude-4",
  modelVersion: "claude-opus-4",
  provider: "anthropic",
});
export const enterprise: AttestationMetadata = new AttestationMetadata({ attestationType: "enterprise" });

/** An issuer, and verifiers that trust it. */
export class Issuer extends TestIssuer {
  constructor(keyPair?: KeyPair) {
    super({ issuer: ISSUER, identity: sonnet, audience: AUDIENCE, keyPair });
  }

  token(options?: TestTokenOptions): Promise<string> {
    return this.createToken(options);
  }

  verifier(options?: Partial<AttestationVerifierOptions>): AttestationVerifier {
    return this.createVerifier(options);
  }
}
