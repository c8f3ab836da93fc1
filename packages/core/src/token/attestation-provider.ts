import type { Clock } from "../clock.js";
import type { SignatureAlgorithm } from "../constants.js";
import { asciiView, encodeTextAsBase64url } from "../encoding/base64url.js";
import { bytesOf } from "../encoding/bytes.js";
import { encodeUtf8 } from "../encoding/utf8.js";
import type { TokenEvent } from "../events.js";
import { AttestationMetadata } from "../identity/attestation-metadata.js";
import { isSpiffeId, trustDomainOf } from "../identity/spiffe-id.js";
import { KeyPair } from "../keys/key-pair.js";
import { type AttestationObserver, notify } from "../observer.js";
import { readOptions } from "../options/read-options.js";
import type { Signer } from "../ports.js";
import { printable } from "../printable.js";
import { randomUuid } from "../random.js";
import { encodeCompactJws, encodeJsonSegment } from "./compact-jws.js";
import { encodeClaims } from "./encode-claims.js";
import {
  type AttestationProviderOptions,
  algorithmOption,
  type CreateTokenOptions,
  PROVIDER_SPEC,
  TOKEN_SPEC,
} from "./provider-options.js";
import type { TokenType } from "./token-header.js";

const DEFAULT_METADATA = new AttestationMetadata();
const SIGNATURE_BYTES = 64;

/** Signs attestation tokens for the agents it vouches for. */
export class AttestationProvider {
  readonly issuer: string;
  readonly defaultLifetimeSeconds: number;
  readonly #signer: Signer;
  /** Whether the signer only reads what it is given. Another one may keep it, or hand its memory on. */
  readonly #isOwnSigner: boolean;
  readonly #algorithm: SignatureAlgorithm;
  readonly #tokenType: TokenType;
  /** Header segment of the last token. The next one has the same, unless the signer has rotated its key. */
  #header: { readonly kid: string; readonly segment: string } | undefined;
  readonly #trustDomains: readonly string[] | undefined;
  readonly #maxLifetimeSeconds: number;
  readonly #clock: Clock;
  readonly #observer: AttestationObserver<TokenEvent> | undefined;

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: AttestationProviderOptions) {
    const settings = readOptions("AttestationProvider", options, PROVIDER_SPEC);
    this.issuer = settings.issuer;
    this.defaultLifetimeSeconds = settings.defaultLifetimeSeconds;
    this.#signer = settings.keyPair;
    this.#isOwnSigner = settings.keyPair instanceof KeyPair;
    this.#algorithm = settings.algorithm ?? algorithmOption(settings.keyPair.alg, "algorithm");
    this.#tokenType = settings.tokenType;
    this.#trustDomains = settings.trustDomains;
    this.#maxLifetimeSeconds = settings.maxLifetimeSeconds ?? Number.POSITIVE_INFINITY;
    this.#clock = settings.clock;
    this.#observer = settings.observer;
    this.#assertLifetime("defaultLifetimeSeconds", this.defaultLifetimeSeconds);
  }

  /**
   * Returns a signed token (compact JWS, RFC 7515 §3.1) with an id of its own. It is valid from now until its lifetime
   * ends.
   *
   * @throws {TypeError | RangeError} naming the option that is wrong; also what the signer throws.
   */
  async createToken(options: CreateTokenOptions): Promise<string> {
    const startedAt = this.#observer === undefined ? 0 : performance.now();
    const settings = readOptions("createToken", options, TOKEN_SPEC);
    const { identity, audience, confirmationKey } = settings;
    const lifetimeSeconds = settings.lifetimeSeconds ?? this.defaultLifetimeSeconds;
    this.#assertLifetime("lifetimeSeconds", lifetimeSeconds);
    const subject = settings.subject ?? identity.toSpiffeId();
    this.#assertSubject(subject);
    const iat = Math.floor(this.#clock.now());
    const jti = randomUuid();
    const claims = encodeClaims({
      iss: this.issuer,
      sub: subject,
      aud: audience,
      iat,
      exp: iat + lifetimeSeconds,
      nbf: undefined,
      jti,
      agentIdentity: identity,
      attestationMetadata: settings.metadata ?? DEFAULT_METADATA,
      agentIntegrity: settings.integrity,
      cnf: confirmationKey && { jwk: { ...confirmationKey.toJwk(), alg: "EdDSA" } },
    });
    // From here to the signature nothing waits, so that the header names the key that signs.
    const { kid } = this.#signer;
    const signingInput = `${this.#headerFor(kid)}.${encodeTextAsBase64url(claims)}`;
    const signing: unknown = this.#signer.sign(
      this.#isOwnSigner ? asciiView(signingInput) : encodeUtf8(signingInput),
    );
    const signature = bytesOf(signing) ?? bytesOf(await signing);
    if (signature?.length !== SIGNATURE_BYTES) {
      throw new TypeError("keyPair.sign must return the 64 bytes of an Ed25519 signature");
    }
    if (this.#observer) {
      notify(this.#observer, {
        type: "token_created",
        issuer: this.issuer,
        subject,
        audience: audience.map(printable),
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

  /** @throws {RangeError} when verifiers would refuse a token that lives so long. */
  #assertLifetime(option: string, lifetimeSeconds: number): void {
    if (lifetimeSeconds <= this.#maxLifetimeSeconds) return;
    throw new RangeError(
      `${option} must be at most maxLifetimeSeconds, ${this.#maxLifetimeSeconds}, got ${lifetimeSeconds}: verifiers refuse a token that lives longer`,
    );
  }

  /** @throws {TypeError} when `subject` is no SPIFFE ID, or verifiers would refuse it. */
  #assertSubject(subject: string): void {
    const trustDomain = isSpiffeId(subject) ? trustDomainOf(subject) : undefined;
    if (trustDomain === undefined) {
      throw new TypeError("subject must be a SPIFFE ID, such as spiffe://example.com/model/m-1");
    }
    if (this.#trustDomains === undefined || this.#trustDomains.includes(trustDomain)) return;
    throw new TypeError(
      `subject must be in one of the trustDomains, ${this.#trustDomains.join(", ")}, got ${printable(trustDomain)}: verifiers refuse another one`,
    );
  }
}
