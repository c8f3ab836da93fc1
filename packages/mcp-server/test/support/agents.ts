import {
  AgentIdentity,
  AttestationMetadata,
  AttestationProvider,
  AttestationVerifier,
  type AttestationVerifierOptions,
  type CreateTokenOptions,
  InMemoryKeyResolver,
  KeyPair,
} from "@attest/core";

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
export class Issuer {
  readonly keyPair: KeyPair;
  readonly provider: AttestationProvider;

  constructor(keyPair: KeyPair = KeyPair.generate("key-1")) {
    this.keyPair = keyPair;
    this.provider = new AttestationProvider({ issuer: ISSUER, keyPair });
  }

  token(options: Partial<CreateTokenOptions> = {}): Promise<string> {
    return this.provider.createToken({ identity: sonnet, audience: AUDIENCE, ...options });
  }

  verifier(options: Partial<AttestationVerifierOptions> = {}): AttestationVerifier {
    const keyResolver = new InMemoryKeyResolver();
    keyResolver.addKeyPair(ISSUER, this.keyPair);
    return new AttestationVerifier({ trustedIssuers: [ISSUER], keyResolver, audience: AUDIENCE, ...options });
  }
}
