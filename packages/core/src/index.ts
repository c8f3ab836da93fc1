export { type Clock, systemClock } from "./clock.js";
export { ATTESTATION_CAPABILITY_KEY, ATTESTATION_VERSION, type SignatureAlgorithm } from "./constants.js";
export {
  AttestationError,
  AttestationErrorCode,
  type AttestationErrorOptions,
  isAttestationError,
} from "./errors.js";
export type { TokenEvent } from "./events.js";
export { AgentIdentity, type AgentIdentityOptions } from "./identity/agent-identity.js";
export { AgentIntegrity, type AgentIntegrityOptions } from "./identity/agent-integrity.js";
export {
  AttestationMetadata,
  type AttestationMetadataOptions,
  AttestationType,
  SafetyLevel,
} from "./identity/attestation-metadata.js";
export { type Ed25519PublicJwk, Ed25519PublicKey } from "./keys/ed25519-public-key.js";
export { InMemoryKeyResolver } from "./keys/in-memory-key-resolver.js";
export { type Ed25519PrivateJwk, KeyPair } from "./keys/key-pair.js";
export type { AttestationObserver } from "./observer.js";
export { VerificationPolicy } from "./policy.js";
export type { KeyResolver, MaybePromise, ReplayCache, Signer } from "./ports.js";
export { type CreateProofOptions, createProof } from "./proof/create-proof.js";
export { type HmacNoncesOptions, hmacNonces } from "./proof/hmac-nonces.js";
export type { NonceSource } from "./proof/nonce-source.js";
export type { DecodedProof, ProofClaims } from "./proof/parse-proof.js";
export type { ProofDemands } from "./proof/proof-demands.js";
export type { SingleUse } from "./proof/proof-use.js";
export { type ProvenRequest, requestHash } from "./proof/request-hash.js";
export {
  type Confirmation,
  type ConfirmationOptions,
  verifyConfirmation,
} from "./proof/verify-confirmation.js";
export { ProofPolicy } from "./proof-policy.js";
export { InMemoryReplayCache, type InMemoryReplayCacheOptions } from "./replay/in-memory-replay-cache.js";
export { AttestationProvider } from "./token/attestation-provider.js";
export type { AttestationClaims } from "./token/claims.js";
export { decodeToken } from "./token/decode-token.js";
export type { AttestationProviderOptions, CreateTokenOptions } from "./token/provider-options.js";
export { type TokenHeader, TokenType } from "./token/token-header.js";
export { isTrustedAtLeast, isTrustLevel, TrustLevel } from "./trust.js";
export {
  AttestationVerifier,
  type AttestationVerifierOptions,
  defaultChecks,
} from "./verify/attestation-verifier.js";
export {
  type Check,
  type CheckAdvertisement,
  defineCheck,
  type VerificationContext,
} from "./verify/check.js";
export { type AudienceOptions, audience } from "./verify/checks/audience.js";
export { requiredClaims } from "./verify/checks/claims.js";
export { type IssuerOptions, issuer } from "./verify/checks/issuer.js";
export { type LifetimeOptions, lifetime } from "./verify/checks/lifetime.js";
export { type ProofOptions, proofOfPossession } from "./verify/checks/proof.js";
export { type ReplayOptions, replay } from "./verify/checks/replay.js";
export { type SignatureOptions, signature } from "./verify/checks/signature.js";
export { insertAfter, insertBefore, replaceCheck, withoutCheck } from "./verify/compose.js";
export type { Presentation } from "./verify/presentation.js";
export type { Challenge, NotVerified, VerificationResult, Verified } from "./verify/result.js";
export type { TrustedIssuer } from "./verify/trusted-issuer.js";
export {
  type ComposedVerifier,
  composeVerifier,
  type Verifier,
  type VerifierOptions,
} from "./verify/verifier.js";
export { type AttestationStatus, VerificationStatus } from "./wire/server-status.js";
