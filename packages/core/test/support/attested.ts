import type { AttestationErrorCode } from "../../src/errors.js";
import { AttestationError } from "../../src/errors.js";
import type { TokenEvent } from "../../src/events.js";
import { AgentIdentity } from "../../src/identity/agent-identity.js";
import { InMemoryKeyResolver } from "../../src/keys/in-memory-key-resolver.js";
import { KeyPair } from "../../src/keys/key-pair.js";
import type { AttestationObserver } from "../../src/observer.js";
import { FixedClock } from "../../src/testing.js";
import { AttestationProvider } from "../../src/token/attestation-provider.js";
import type { CreateTokenOptions } from "../../src/token/provider-options.js";
import {
  AttestationVerifier,
  type AttestationVerifierOptions,
} from "../../src/verify/attestation-verifier.js";

export const ISSUER = "https://api.anthropic.com";
export const AUDIENCE = "https://server.example";
export const SUBJECT = "spiffe://anthropic.com/model/claude-sonnet-4";
export const NOW = 1_800_000_000;

export const IDENTITY = new AgentIdentity({
  modelFamily: "claude-4",
  modelVersion: "claude-sonnet-4",
  provider: "anthropic",
});

/** An observer that keeps what it is told. */
export class Recorder implements AttestationObserver {
  readonly events: TokenEvent[] = [];

  record(event: TokenEvent): void {
    this.events.push(event);
  }
}

/** An issuer, a verifier that trusts it, and what they share: one clock at NOW, one observer. */
export function attested(options: Partial<AttestationVerifierOptions> = {}) {
  const clock = new FixedClock(NOW);
  const keyPair = KeyPair.generate("key-1");
  const keyResolver = new InMemoryKeyResolver();
  keyResolver.addKeyPair(ISSUER, keyPair);
  const observer = new Recorder();
  const provider = new AttestationProvider({ issuer: ISSUER, keyPair, clock });
  const verifier = new AttestationVerifier({
    trustedIssuers: [ISSUER],
    keyResolver,
    audience: AUDIENCE,
    clock,
    observer,
    ...options,
  });
  const createToken = (overrides: Partial<CreateTokenOptions> = {}): Promise<string> =>
    provider.createToken({ identity: IDENTITY, audience: AUDIENCE, ...overrides });
  return { clock, keyPair, keyResolver, observer, provider, verifier, createToken };
}

/** What a refusal with `code` by `failedCheck` looks like under the policy `required`. */
export function refusal(code: AttestationErrorCode, failedCheck: string) {
  return {
    verified: false,
    accepted: false,
    trustLevel: "none",
    claims: null,
    error: new AttestationError(code).message,
    errorCode: code,
    failedCheck,
    challenge: null,
  };
}
