import type { Clock } from "../clock.js";
import { AgentIdentity } from "../identity/agent-identity.js";
import { isTrustDomain, trustDomainOf } from "../identity/spiffe-id.js";
import { InMemoryKeyResolver } from "../keys/in-memory-key-resolver.js";
import { KeyPair } from "../keys/key-pair.js";
import { clock, having, optional, text } from "../options/option-kinds.js";
import { namesIn, type Option, type OptionsSpec, readOptions } from "../options/read-options.js";
import type { Signer } from "../ports.js";
import { kindOf, printable } from "../printable.js";
import { AttestationProvider } from "../token/attestation-provider.js";
import { type CreateTokenOptions, PROVIDER_SPEC, TOKEN_SPEC } from "../token/provider-options.js";
import { AttestationVerifier, type AttestationVerifierOptions } from "../verify/attestation-verifier.js";

export interface TestIssuerOptions {
  /** The `iss` of its tokens. Default: `https://api.example.com`. */
  readonly issuer?: string | undefined;
  /** SPIFFE trust domain of its agents. Default: the one of `identity`, `<provider>.com`. */
  readonly trustDomain?: string | undefined;
  /** Identity of the agent that tokens are about. Default: the model `m-1-small` of the provider `example`. */
  readonly identity?: AgentIdentity | undefined;
  /** Server that tokens are meant for. Default: `https://server.example`. */
  readonly audience?: string | undefined;
  /** Key pair that signs. Default: a new one, with the key id `key-1`. */
  readonly keyPair?: KeyPair | undefined;
  /** Clock of the issuer and its verifiers. Default: the system's clock. */
  readonly clock?: Clock | undefined;
}

/** Options of one token of a {@link TestIssuer}. */
export interface TestTokenOptions extends Partial<CreateTokenOptions> {
  /** Signer of this token. With a key that is not the issuer's, the token is a forgery: refused with 1003. */
  readonly keyPair?: Signer | undefined;
  /** Clock that tells when this token is issued: for one that has expired, 1001, or is not valid yet, 1002. */
  readonly clock?: Clock | undefined;
}

/** {@link TestIssuerOptions} with their defaults filled in. */
interface Settings {
  readonly issuer: string;
  readonly trustDomain: string | undefined;
  readonly identity: AgentIdentity;
  readonly audience: string;
  readonly keyPair: KeyPair;
  readonly clock: Clock;
}

const IDENTITY = having<AgentIdentity>("an AgentIdentity", "toSpiffeId");
const EXAMPLE = new AgentIdentity({ modelFamily: "m-1", modelVersion: "m-1-small", provider: "example" });

const trustDomainOption: Option<string> = (value, name) => {
  if (typeof value === "string" && isTrustDomain(value)) return value;
  const got = typeof value === "string" ? `"${printable(value)}"` : kindOf(value);
  throw new TypeError(`${name} must be a trust domain in lower case, such as example.com, got ${got}`);
};

const keyPairOption: Option<KeyPair> = (value = KeyPair.generate("key-1"), name) => {
  if (value instanceof KeyPair) return value;
  throw new TypeError(`${name} must be a KeyPair, got ${kindOf(value)}`);
};

const SPEC: OptionsSpec<Settings> = {
  issuer: (value = "https://api.example.com", name) => text()(value, name),
  trustDomain: optional(trustDomainOption),
  identity: (value = EXAMPLE, name) => IDENTITY(value, name),
  audience: (value = "https://server.example", name) => text()(value, name),
  keyPair: keyPairOption,
  clock: clock(),
};

const TOKEN_OPTIONS: OptionsSpec<TestTokenOptions> = {
  ...TOKEN_SPEC,
  identity: optional(TOKEN_SPEC.identity),
  audience: optional(TOKEN_SPEC.audience),
  keyPair: optional(PROVIDER_SPEC.keyPair),
  clock: optional(PROVIDER_SPEC.clock),
};

/**
 * Issuer for the tests of a server. It makes tokens, and verifiers that trust them: every token passes at every verifier
 * of the same issuer, until one of them is given an option that says otherwise. It can take the place of a client's
 * `attestationProvider`.
 */
export class TestIssuer {
  readonly issuer: string;
  readonly trustDomain: string;
  readonly identity: AgentIdentity;
  readonly audience: string;
  readonly keyPair: KeyPair;
  readonly clock: Clock;
  /** Resolver with the issuer's key. Every verifier of this issuer has it, so that keys can be added and taken away. */
  readonly keyResolver: InMemoryKeyResolver = new InMemoryKeyResolver();

  /** @throws {TypeError} naming the option that is wrong; also when no trust domain follows from the identity. */
  constructor(options: TestIssuerOptions = {}) {
    const settings = readOptions("TestIssuer", options, SPEC);
    this.issuer = settings.issuer;
    this.identity = settings.identity;
    this.trustDomain =
      settings.trustDomain ?? trustDomainOption(trustDomainOf(this.identity.toSpiffeId()), "trustDomain");
    this.audience = settings.audience;
    this.keyPair = settings.keyPair;
    this.clock = settings.clock;
    this.keyResolver.addKeyPair(this.issuer, this.keyPair);
  }

  /**
   * Returns a signed token (compact JWS, RFC 7515 §3.1) about the issuer's agent, for its audience, unless `options` say
   * otherwise. Without a `subject` the agent is in the issuer's trust domain, whatever its identity.
   *
   * @throws {TypeError | RangeError} naming the option that is wrong; also what the signer throws.
   */
  async createToken(options: TestTokenOptions = {}): Promise<string> {
    const settings = readOptions("createToken", options, TOKEN_OPTIONS);
    const { keyPair = this.keyPair, clock = this.clock, identity = this.identity, ...token } = settings;
    const provider = new AttestationProvider({ issuer: this.issuer, keyPair, clock });
    return provider.createToken({
      ...token,
      identity,
      audience: token.audience ?? this.audience,
      subject: token.subject ?? identity.toSpiffeId(this.trustDomain),
    });
  }

  /**
   * Returns a new verifier that trusts this issuer for agents of its trust domain. It has the issuer's audience and clock,
   * and a replay cache of its own. Each option of `options` replaces what the verifier would have.
   *
   * @throws {TypeError | RangeError} naming the option that is wrong.
   */
  createVerifier(options: Partial<AttestationVerifierOptions> = {}): AttestationVerifier {
    const settings = {
      trustedIssuers: [{ issuer: this.issuer, trustDomains: [this.trustDomain] }],
      keyResolver: this.keyResolver,
      audience: this.audience,
      clock: this.clock,
    };
    // A spread would pass over inherited options, and the verifier would be another one than was asked for.
    for (const name of namesIn(options)) Object.assign(settings, { [name]: Reflect.get(options, name) });
    return new AttestationVerifier(settings);
  }
}
