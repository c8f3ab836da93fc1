import type { AttestationObserver, Clock, KeyPair, ReplayCache, Signer } from "@attest/core";
import {
  clock,
  having,
  kindOf,
  MAX_TIMER_SECONDS,
  membersOf,
  type Option,
  type OptionsSpec,
  observer,
  optional,
  printable,
  readOptions,
  seconds,
  stated,
} from "@attest/core/internal";
import type { KeySetEvent, KeySetSource } from "@attest/jwks";
import type { IssuerEvent } from "./events.js";
import { isTrustPolicy, type TrustPolicy } from "./policy/trust-policy.js";

/** Signer that says which keys to publish: a `KeyRing`, or one in front of a KMS. */
export type PublishingSigner = Signer & KeySetSource;

export interface IssuerOptions {
  /** The `iss` of every attestation: the https URL under which the issuer is reached. */
  readonly issuer: string;
  /** SPIFFE trust domain of the agents that it attests, such as `corp.example`. */
  readonly trustDomain: string;
  /**
   * Signer of the attestations: a `KeyRing`, a `KeyPair`, or `{ kid, alg, sign(message), jwks() }` in front of a KMS or
   * HSM. Its `jwks()` names the keys to publish, the one that signs among them.
   */
  readonly signer: PublishingSigner | KeyPair;
  /** Trust policy, as `readTrustPolicy` returns it. */
  readonly policy: TrustPolicy;
  /**
   * Cache of the confirmation proofs that were used. Issuers of one name in several processes need a shared one, such as
   * `RedisReplayCache`. Default: one in memory.
   */
  readonly replayCache?: ReplayCache | undefined;
  /**
   * How long the signer may take, and the replay cache, in seconds. After that the exchange is refused, 500 or 503. Default:
   * 10 s.
   */
  readonly timeoutSeconds?: number | undefined;
  /** Source of the time. Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** Observer of what is issued and refused, and of the platforms' keys. Default: none. */
  readonly observer?: AttestationObserver<IssuerEvent | KeySetEvent> | undefined;
}

export interface IssuerSettings {
  readonly issuer: string;
  readonly trustDomain: string;
  readonly signer: PublishingSigner;
  readonly policy: TrustPolicy;
  readonly replayCache: ReplayCache | undefined;
  readonly timeoutSeconds: number;
  readonly clock: Clock;
  readonly observer: AttestationObserver<IssuerEvent | KeySetEvent> | undefined;
}

const issuerOption: Option<string> = (value, name) => {
  const url = typeof value === "string" ? URL.parse(value) : null;
  const isIssuer =
    typeof value === "string" &&
    url !== null &&
    (url.protocol === "https:" || url.protocol === "http:") &&
    `${url.username}${url.password}` === "" &&
    !/[?#]/.test(value) &&
    // A slash at its end where the path is empty is an issuer that verifiers refuse.
    url.href === (url.pathname === "/" ? `${value}/` : value);
  if (isIssuer) return value;
  const got = typeof value === "string" ? `"${printable(value)}"` : kindOf(value);
  throw new TypeError(`${name} must be a URL such as https://attest.example, spelled plainly, got ${got}`);
};

const trustDomainOption: Option<string> = (value, name) => {
  if (typeof value === "string" && /^[a-z0-9._-]{1,255}$/.test(value)) return value;
  const got = typeof value === "string" ? `"${printable(value)}"` : kindOf(value);
  throw new TypeError(`${name} must be a SPIFFE trust domain, such as corp.example, got ${got}`);
};

const signerOption: Option<PublishingSigner> = (value, name) => {
  const signer = isKeyPair(value) ? publishing(value) : value;
  const { kid, sign, jwks } = membersOf(signer);
  if (typeof sign !== "function" || typeof jwks !== "function" || typeof kid !== "string") {
    throw new TypeError(
      `${name} must be a KeyRing, a KeyPair, or another Signer that publishes its keys: { kid, alg, sign(message), jwks() }, got ${kindOf(value)}`,
    );
  }
  const publishingSigner = signer as PublishingSigner;
  if (publishingSigner.jwks().keys.some((key) => key.kid === kid)) return publishingSigner;
  throw new TypeError(`${name}.jwks() must hold the key that signs, or nobody could verify its attestations`);
};

const policyOption: Option<TrustPolicy> = (value, name) => {
  if (isTrustPolicy(value)) return value;
  throw new TypeError(`${name} must be what readTrustPolicy returns, got ${kindOf(value)}`);
};

const OPTIONS: OptionsSpec<IssuerSettings> = {
  issuer: issuerOption,
  trustDomain: trustDomainOption,
  signer: signerOption,
  policy: policyOption,
  replayCache: stated(
    optional(having<ReplayCache>("a ReplayCache, such as RedisReplayCache", "checkAndAdd")),
  ),
  timeoutSeconds: seconds(10, { min: 0.001, max: MAX_TIMER_SECONDS }),
  clock: clock(),
  observer: observer<IssuerEvent | KeySetEvent>(),
};

/** @throws {TypeError | RangeError} naming the option that is wrong. */
export function readIssuerOptions(options: IssuerOptions): IssuerSettings {
  return readOptions("createIssuer", options, OPTIONS);
}

/** Whether `value` is a key pair, of this copy of core or any other: it signs, and gives its own public key alone. */
function isKeyPair(value: unknown): value is KeyPair {
  const { sign, toJwk, jwks } = membersOf(value);
  return typeof sign === "function" && typeof toJwk === "function" && jwks === undefined;
}

function publishing(keyPair: KeyPair): PublishingSigner {
  return {
    kid: keyPair.kid,
    alg: keyPair.alg,
    sign: (message) => keyPair.sign(message),
    jwks: () => ({ keys: [keyPair.toJwk()] }),
  };
}
