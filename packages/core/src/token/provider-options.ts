import type { Clock } from "../clock.js";
import type { SignatureAlgorithm } from "../constants.js";
import type { TokenEvent } from "../events.js";
import type { AgentIdentity } from "../identity/agent-identity.js";
import { AgentIntegrity } from "../identity/agent-integrity.js";
import type { AttestationMetadata } from "../identity/attestation-metadata.js";
import { isTrustDomain } from "../identity/spiffe-id.js";
import { type Ed25519PublicJwk, Ed25519PublicKey } from "../keys/ed25519-public-key.js";
import { isKeyId } from "../keys/key-id.js";
import type { AttestationObserver } from "../observer.js";
import { clock, having, membersOf, observer, oneOf, optional, text } from "../options/option-kinds.js";
import type { Option, OptionsSpec } from "../options/read-options.js";
import type { Signer } from "../ports.js";
import { kindOf, printable } from "../printable.js";
import { areAudiences, MAX_AUDIENCES } from "./claims.js";
import { isSupportedAlgorithm, TokenType } from "./token-header.js";

export interface AttestationProviderOptions {
  /** The `iss` of every token: the https URL under which the key set is published. Compared exactly, as a string. */
  readonly issuer: string;
  /** Signer of the tokens: a `KeyPair`, or a `Signer` in front of a KMS or HSM. */
  readonly keyPair: Signer;
  /** Lifetime of a token, in seconds, unless `createToken` is given another. Default: 300 s. */
  readonly defaultLifetimeSeconds?: number | undefined;
  /** The `alg` header. Default: the signer's, which for a `KeyPair` is `EdDSA`. */
  readonly algorithm?: SignatureAlgorithm | undefined;
  /** The `typ` header. Default: `JWT`, which every verifier of this protocol reads. */
  readonly tokenType?: TokenType | undefined;
  /**
   * SPIFFE trust domains that verifiers let this issuer attest. `createToken` then refuses a subject outside them, instead
   * of signing a token that is refused later with 1004. Default: not checked here.
   */
  readonly trustDomains?: readonly string[] | undefined;
  /**
   * Longest lifetime, in seconds, that verifiers accept; theirs is 900 s unless configured. The provider then refuses a
   * longer one, instead of signing a token that is refused later. Default: not checked here.
   */
  readonly maxLifetimeSeconds?: number | undefined;
  /** Source of the time. Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** Observer that is told of every token. Default: none. */
  readonly observer?: AttestationObserver<TokenEvent> | undefined;
}

export interface CreateTokenOptions {
  /** Identity of the agent. */
  readonly identity: AgentIdentity;
  /** Server, or up to 16 servers, that the token is meant for. Each verifies that its own name is here. */
  readonly audience: string | readonly string[];
  /** Hashes of the agent's configuration. Default: not stated. */
  readonly integrity?: AgentIntegrity | undefined;
  /** Facts about the attestation. Default: a provider's attestation at the standard safety level. */
  readonly metadata?: AttestationMetadata | undefined;
  /** Lifetime in seconds. Verifiers refuse more than 900 s unless configured. Default: the provider's. */
  readonly lifetimeSeconds?: number | undefined;
  /** The agent's SPIFFE ID. Default: `identity.toSpiffeId()`. */
  readonly subject?: string | undefined;
  /**
   * Public key that the token is bound to (RFC 7800), as an `Ed25519PublicKey` or a JSON Web Key. A bound token can be used
   * many times, and only with proofs by that key. Default: the token is not bound, and can be used once.
   */
  readonly confirmationKey?: Ed25519PublicKey | Ed25519PublicJwk | undefined;
}

interface ProviderSettings {
  readonly issuer: string;
  readonly keyPair: Signer;
  readonly defaultLifetimeSeconds: number;
  readonly algorithm: SignatureAlgorithm | undefined;
  readonly tokenType: TokenType;
  readonly trustDomains: readonly string[] | undefined;
  readonly maxLifetimeSeconds: number | undefined;
  readonly clock: Clock;
  readonly observer: AttestationObserver<TokenEvent> | undefined;
}

interface TokenSettings {
  readonly identity: AgentIdentity;
  readonly audience: readonly string[];
  readonly integrity: AgentIntegrity | undefined;
  readonly metadata: AttestationMetadata | undefined;
  readonly lifetimeSeconds: number | undefined;
  readonly subject: string | undefined;
  readonly confirmationKey: Ed25519PublicKey | undefined;
}

const signer: Option<Signer> = (value, name) => {
  const { kid, sign } = membersOf(value);
  if (typeof sign === "function" && isKeyId(kid)) return value as Signer;
  throw new TypeError(
    `${name} must be a KeyPair or another Signer: { kid, alg, sign(message) }, got ${kindOf(value)}`,
  );
};

/** Name of a signature algorithm. */
export const algorithmOption: Option<SignatureAlgorithm> = (value, name) => {
  if (isSupportedAlgorithm(value)) return value;
  throw new TypeError(`${name} must be "EdDSA" or "Ed25519", got ${kindOf(value)}`);
};

/** Lifetime in seconds. A token without one would expire when it is made. */
const lifetime: Option<number> = (value, name) => {
  if (typeof value === "number" && Number.isFinite(value) && value > 0) return value;
  const got = typeof value === "number" ? String(value) : kindOf(value);
  throw new RangeError(`${name} must be a positive number of seconds, got ${got}`);
};

const trustDomains: Option<readonly string[]> = (value, name) => {
  const wrong = Array.isArray(value)
    ? value.find((domain) => typeof domain !== "string" || !isTrustDomain(domain))
    : value;
  if (Array.isArray(value) && value.length > 0 && wrong === undefined) return [...value];
  const got = typeof wrong === "string" ? `"${printable(wrong)}"` : kindOf(wrong);
  throw new TypeError(
    `${name} must be a list of trust domains in lower case, such as example.com, got ${got}`,
  );
};

const audience: Option<readonly string[]> = (value, name) => {
  const audiences: unknown = typeof value === "string" ? [value] : value;
  if (areAudiences(audiences)) return audiences;
  throw new TypeError(
    `${name} must be a string or a list of 1 to ${MAX_AUDIENCES} strings, got ${kindOf(value)}`,
  );
};

const metadata: Option<AttestationMetadata> = (value, name) => {
  if (typeof membersOf(value)["attestationVersion"] === "string") return value as AttestationMetadata;
  throw new TypeError(`${name} must be an AttestationMetadata, got ${kindOf(value)}`);
};

const integrity: Option<AgentIntegrity> = (value, name) => {
  if (value instanceof AgentIntegrity) return value;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`${name} must be an AgentIntegrity, got ${kindOf(value)}`);
  }
  // A misspelt hash would be left out of the token, and nobody would notice.
  return new AgentIntegrity(value);
};

const subject: Option<string> = (value, name) => {
  if (typeof value === "string") return value;
  throw new TypeError(`${name} must be a SPIFFE ID, such as spiffe://example.com/model/m-1`);
};

const confirmationKey: Option<Ed25519PublicKey> = (value, name) => {
  if (value instanceof Ed25519PublicKey) return value;
  const jwk = membersOf(value);
  if (Object.hasOwn(jwk, "d")) {
    throw new TypeError(`${name} must be a public key, got a private one: its d must never leave its owner`);
  }
  try {
    return Ed25519PublicKey.fromJwk(jwk);
  } catch (cause) {
    throw new TypeError(`${name} must be an Ed25519PublicKey or a public JWK, got ${kindOf(value)}`, {
      cause,
    });
  }
};

/** Reads what an `AttestationProvider` is made with. */
export const PROVIDER_SPEC: OptionsSpec<ProviderSettings> = {
  issuer: text(),
  keyPair: signer,
  defaultLifetimeSeconds: (value = 300, name) => lifetime(value, name),
  algorithm: optional(algorithmOption),
  tokenType: oneOf(TokenType, TokenType.JWT),
  trustDomains: optional(trustDomains),
  maxLifetimeSeconds: optional(lifetime),
  clock: clock(),
  observer: observer(),
};

/** Reads what `createToken` is given. */
export const TOKEN_SPEC: OptionsSpec<TokenSettings> = {
  identity: having<AgentIdentity>("an AgentIdentity", "toSpiffeId"),
  audience,
  integrity: optional(integrity),
  metadata: optional(metadata),
  lifetimeSeconds: optional(lifetime),
  subject: optional(subject),
  confirmationKey: optional(confirmationKey),
};
