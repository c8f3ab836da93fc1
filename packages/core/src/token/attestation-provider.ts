import { type Clock, systemClock } from "../clock.js";
import type { SignatureAlgorithm } from "../constants.js";
import { encodeUtf8 } from "../encoding/utf8.js";
import type { TokenEvent } from "../events.js";
import type { AgentIdentity } from "../identity/agent-identity.js";
import type { AgentIntegrity } from "../identity/agent-integrity.js";
import { AttestationMetadata } from "../identity/attestation-metadata.js";
import { isSpiffeId } from "../identity/spiffe-id.js";
import type { Ed25519PublicKey } from "../keys/ed25519-public-key.js";
import { type AttestationObserver, notify } from "../observer.js";
import { assertOptions } from "../options/read-options.js";
import type { Signer } from "../ports.js";
import { kindOf, printable } from "../printable.js";
import { randomUuid } from "../random.js";
import { areAudiences, writeClaims } from "./claims.js";
import { encodeCompactJws, encodeJsonSegment } from "./compact-jws.js";
import { isKeyId, isSupportedAlgorithm, TokenType } from "./token-header.js";

export interface AttestationProviderOptions {
  /** The `iss` of every token: the https URL under which the key set is published. Compared exactly, as a string. */
  readonly issuer: string;
  /** What signs: a `KeyPair`, or a `Signer` in front of a KMS or HSM. */
  readonly keyPair: Signer;
  /** How long a token lives unless `createToken` says otherwise, in seconds. Default 300. */
  readonly defaultLifetimeSeconds?: number | undefined;
  /** The `alg` header. Default: the signer's, which for a `KeyPair` is `EdDSA`. */
  readonly algorithm?: SignatureAlgorithm | undefined;
  /** The `typ` header. Default `JWT`, which every verifier of this protocol reads. */
  readonly tokenType?: TokenType | undefined;
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
  readonly observer?: AttestationObserver<TokenEvent> | undefined;
}

export interface CreateTokenOptions {
  readonly identity: AgentIdentity;
  /** For which server, or up to 16 servers, the token is meant. Each verifies that its own name is here. */
  readonly audience: string | readonly string[];
  readonly integrity?: AgentIntegrity | undefined;
  /** Default: a provider's attestation at the standard safety level. */
  readonly metadata?: AttestationMetadata | undefined;
  /** Seconds; default: the provider's `defaultLifetimeSeconds`. Verifiers refuse more than 900 unless told otherwise. */
  readonly lifetimeSeconds?: number | undefined;
  /** The agent's SPIFFE ID. Default: `identity.toSpiffeId()`. */
  readonly subject?: string | undefined;
  /** Binds the token to this key: it can then be used many times, and only with proofs by that key (RFC 7800). */
  readonly confirmationKey?: Ed25519PublicKey | undefined;
}

const TOKEN_OPTIONS = Object.keys({
  identity: true,
  audience: true,
  integrity: true,
  metadata: true,
  lifetimeSeconds: true,
  subject: true,
  confirmationKey: true,
} satisfies Record<keyof CreateTokenOptions, true>);
const DEFAULT_METADATA = new AttestationMetadata();

/** Signs attestation tokens for agents it vouches for. */
export class AttestationProvider {
  readonly issuer: string;
  readonly defaultLifetimeSeconds: number;
  readonly #signer: Signer;
  readonly #algorithm: SignatureAlgorithm;
  readonly #tokenType: TokenType;
  /** The header segment of the last token: the next one's too, unless the signer has rotated its key. */
  #header: { readonly kid: string; readonly segment: string } | undefined;
  readonly #clock: Clock;
  readonly #observer: AttestationObserver<TokenEvent> | undefined;

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: AttestationProviderOptions) {
    assertOptions("AttestationProvider", options, [
      "issuer",
      "keyPair",
      "defaultLifetimeSeconds",
      "algorithm",
      "tokenType",
      "clock",
      "observer",
    ]);
    const {
      issuer,
      keyPair,
      defaultLifetimeSeconds = 300,
      tokenType = TokenType.JWT,
      clock = systemClock,
    } = options;
    if (typeof issuer !== "string" || issuer === "") {
      throw new TypeError(`issuer must be a non-empty string, got ${kindOf(issuer)}`);
    }
    if (typeof keyPair?.sign !== "function" || !isKeyId(keyPair.kid)) {
      throw new TypeError("keyPair must be a KeyPair or another Signer: { kid, alg, sign(message) }");
    }
    const algorithm = options.algorithm ?? keyPair.alg;
    if (!isSupportedAlgorithm(algorithm)) throw new TypeError('algorithm must be "EdDSA" or "Ed25519"');
    if (!Object.values(TokenType).includes(tokenType)) {
      throw new TypeError(`tokenType must be one of ${Object.values(TokenType).join(", ")}`);
    }
    assertLifetime("defaultLifetimeSeconds", defaultLifetimeSeconds);
    this.issuer = issuer;
    this.defaultLifetimeSeconds = defaultLifetimeSeconds;
    this.#signer = keyPair;
    this.#algorithm = algorithm;
    this.#tokenType = tokenType;
    this.#clock = clock;
    this.#observer = options.observer;
  }

  /**
   * A signed token (compact JWS, RFC 7515 §3.1) with an id of its own, valid from now for its lifetime.
   *
   * @throws {TypeError | RangeError} naming the option that is wrong; also what the signer throws.
   */
  async createToken(options: CreateTokenOptions): Promise<string> {
    assertOptions("createToken", options, TOKEN_OPTIONS);
    const startedAt = this.#observer === undefined ? 0 : performance.now();
    const { identity, audience, integrity, metadata = DEFAULT_METADATA, confirmationKey } = options;
    const lifetimeSeconds = options.lifetimeSeconds ?? this.defaultLifetimeSeconds;
    assertLifetime("lifetimeSeconds", lifetimeSeconds);
    const aud = typeof audience === "string" ? [audience] : audience;
    if (!Array.isArray(aud) || !areAudiences(aud)) {
      throw new TypeError(`audience must be a string or a list of 1 to 16 strings, got ${kindOf(audience)}`);
    }
    if (typeof identity?.toSpiffeId !== "function") {
      throw new TypeError(`identity must be an AgentIdentity, got ${kindOf(identity)}`);
    }
    if (typeof metadata?.attestationVersion !== "string")
      throw new TypeError(`metadata must be an AttestationMetadata, got ${kindOf(metadata)}`);
    if (integrity !== undefined && (typeof integrity !== "object" || integrity === null))
      throw new TypeError(`integrity must be an AgentIntegrity, got ${kindOf(integrity)}`);
    const subject = options.subject ?? identity.toSpiffeId();
    if (!isSpiffeId(subject)) {
      throw new TypeError("subject must be a SPIFFE ID, such as spiffe://example.com/model/m-1");
    }
    const iat = Math.floor(this.#clock.now());
    const jti = randomUuid();
    const claims = writeClaims({
      iss: this.issuer,
      sub: subject,
      aud,
      iat,
      exp: iat + lifetimeSeconds,
      nbf: undefined,
      jti,
      agentIdentity: identity,
      attestationMetadata: metadata,
      agentIntegrity: integrity,
      cnf: confirmationKey && { jwk: confirmationKey.toJwk() },
    });
    // From here to the signature nothing waits, so that the header names the key that signs.
    const { kid } = this.#signer;
    const signingInput = `${this.#headerFor(kid)}.${encodeJsonSegment(claims)}`;
    const signing = this.#signer.sign(encodeUtf8(signingInput));
    const signature = signing instanceof Uint8Array ? signing : await signing;
    if (!(signature instanceof Uint8Array) || signature.length !== 64) {
      throw new TypeError("keyPair.sign must return the 64 bytes of an Ed25519 signature");
    }
    if (this.#observer) {
      notify(this.#observer, {
        type: "token_created",
        issuer: this.issuer,
        subject,
        audience: aud.map(printable),
        kid: printable(kid),
        jti: jti.slice(0, 8),
        expiresAt: iat + lifetimeSeconds,
        durationSeconds: (performance.now() - startedAt) / 1000,
      });
    }
    return encodeCompactJws(signingInput, signature);
  }

  #headerFor(kid: string): string {
    if (kid !== this.#header?.kid) {
      const segment = encodeJsonSegment({ alg: this.#algorithm, typ: this.#tokenType, kid });
      this.#header = { kid, segment };
    }
    return this.#header.segment;
  }
}

function assertLifetime(option: string, seconds: number): void {
  if (!Number.isFinite(seconds) || seconds <= 0) {
    throw new RangeError(`${option} must be a positive number of seconds, got ${String(seconds)}`);
  }
}
