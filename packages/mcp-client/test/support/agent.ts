import {
  AgentIdentity,
  AttestationProvider,
  AttestationVerifier,
  type Clock,
  type CreateTokenOptions,
  InMemoryKeyResolver,
  KeyPair,
  systemClock,
} from "@attest/core";

export const ISSUER = "https://id.example.com";
export const AUDIENCE = "https://mcp.example.com";
export const clientInfo = { name: "agent", version: "1.0.0" };
export const agentIdentity: AgentIdentity = new AgentIdentity({
  modelFamily: "m",
  modelVersion: "m-1",
  provider: "example",
});

/** The life of the tokens that an {@link Agent} is given, in seconds. */
export const LIFE = 300;

/** An agent's provider, and what a server needs to verify its tokens. */
export class Provider {
  readonly keyPair: KeyPair;
  readonly clock: Clock;
  readonly #provider: AttestationProvider;

  constructor({
    clock = systemClock,
    keyPair = KeyPair.generate("key-1"),
  }: {
    readonly clock?: Clock;
    readonly keyPair?: KeyPair;
  } = {}) {
    this.clock = clock;
    this.keyPair = keyPair;
    this.#provider = new AttestationProvider({ issuer: ISSUER, keyPair, clock });
  }

  /** Returns a fresh token. A function of its own, so that it can be handed on. */
  readonly token = (
    lifetimeSeconds: number = LIFE,
    confirmationKey?: CreateTokenOptions["confirmationKey"],
  ): Promise<string> =>
    this.#provider.createToken({
      identity: agentIdentity,
      audience: AUDIENCE,
      lifetimeSeconds,
      confirmationKey,
    });

  verifier(): AttestationVerifier {
    const keyResolver = new InMemoryKeyResolver();
    keyResolver.addKeyPair(ISSUER, this.keyPair);
    return new AttestationVerifier({
      trustedIssuers: [ISSUER],
      keyResolver,
      audience: AUDIENCE,
      clockSkewSeconds: 0,
      clock: this.clock,
    });
  }
}
