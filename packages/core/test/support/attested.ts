import type { AttestationErrorCode } from "../../src/errors.js";
import { AttestationError } from "../../src/errors.js";
import type { TokenEvent } from "../../src/events.js";
import { AgentIdentity } from "../../src/identity/agent-identity.js";
import type { AttestationObserver } from "../../src/observer.js";
import { FixedClock, TestIssuer, type TestTokenOptions } from "../../src/testing.js";
import type { AttestationVerifierOptions } from "../../src/verify/attestation-verifier.js";

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
  const issuer = new TestIssuer({ issuer: ISSUER, identity: IDENTITY, audience: AUDIENCE, clock });
  const { keyPair, keyResolver } = issuer;
  const observer = new Recorder();
  const verifier = issuer.createVerifier({ trustedIssuers: [ISSUER], observer, ...options });
  const createToken = (overrides?: TestTokenOptions): Promise<string> => issuer.createToken(overrides);
  return { clock, keyPair, keyResolver, observer, verifier, createToken };
}

/** Returns the refusal with `code` by `failedCheck`, as it is under the policy `required`. */
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
