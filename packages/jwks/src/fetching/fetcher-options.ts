import type { AttestationObserver, Clock } from "@attest/core";
import {
  callback,
  clock,
  count,
  kindOf,
  MAX_TIMER_SECONDS,
  type OptionsSpec,
  observer,
  optional,
  readOptions,
  type SettingsOf,
  seconds,
} from "@attest/core/internal";
import {
  type CircuitBreakerConfig,
  type RetryConfig,
  readCircuitBreakerConfig,
  readRetryConfig,
} from "@attest/resilience";
import { createOutboundFetch } from "#outbound-fetch";
import type { KeySetEvent } from "../events.js";
import { isAllowedAddress } from "../outbound/address-rules.js";
import type { KeySetUrlOptions } from "../outbound/key-set-url.js";
import type { Fetch } from "../outbound/outbound-fetch.portable.js";

export interface JWKSFetcherOptions extends KeySetUrlOptions {
  /**
   * How long a key set is kept, in seconds. Default: 3600 s. A shorter time in the answer's `Cache-Control` wins, down to
   * `unknownKeyCooldownSeconds`: else `no-store` would mean a request per token. A look-up in the last fifth of the time
   * starts a fetch and does not wait for it.
   */
  readonly cacheTtlSeconds?: number | undefined;
  /**
   * How long a fetch may take, in seconds: attempts, waits between them and bodies together. After that the keys are
   * unavailable. Default: 10 s.
   */
  readonly requestTimeoutSeconds?: number | undefined;
  /** How often, and after what time, a failed attempt is repeated. Default: 3 times, 0.5 to 10 s apart. */
  readonly retry?: RetryConfig | undefined;
  /**
   * When an issuer that keeps failing is left alone. Default: after 5 failed attempts in a row, for 30 s. Every issuer has
   * a breaker of its own, whose `name` is the issuer.
   */
  readonly circuitBreaker?: CircuitBreakerConfig | undefined;
  /** How many requests run at once, to all issuers together. The others wait for their turn. Default: 10. */
  readonly connectionPoolSize?: number | undefined;
  /**
   * How long a key set is used after its time while its issuer cannot be asked, in seconds. Default: 86400 s (a day); 0:
   * not at all. A key that the issuer has withdrawn meanwhile is trusted for as long.
   */
  readonly staleIfErrorSeconds?: number | undefined;
  /** Longest key set that is read, in bytes. A longer one is refused. Default: 262144 (256 KiB). */
  readonly maxResponseBytes?: number | undefined;
  /**
   * Least time between two fetches for key ids that the set does not have, in seconds and per issuer; and between two
   * fetches for signatures that did not verify. Default: 30 s, at least 0.1 s. The first such id fetches at once, so that
   * a rotated key is found. Other unknown ids stay unknown until the time has passed.
   */
  readonly unknownKeyCooldownSeconds?: number | undefined;
  /**
   * Makes the requests. Default in Node: one that connects to public addresses only, whatever names resolve to; elsewhere
   * the platform's `fetch`. A `fetch` that you give has to check by itself what names resolve to: `globalThis.fetch`
   * reaches an issuer in a private network by its name, another may use a proxy.
   */
  readonly fetch?: Fetch | undefined;
  /** Source of the time. Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /**
   * Observer of every fetch (`key_set_fetched`, `key_set_fetch_retried`, `key_set_fetch_failed`), of key sets that are used
   * past their time (`stale_key_set_served`) and of issuers that are left alone (`circuit_state_changed`).
   */
  readonly observer?: AttestationObserver<KeySetEvent> | undefined;
}

type ReadOptions = SettingsOf<JWKSFetcherOptions, "jwksUrl" | "fetch" | "observer">;

/** Settings of a fetcher. */
export type FetcherSettings = ReadOptions & { readonly fetch: Fetch };

/** Readers of {@link JWKSFetcherOptions}. */
export const FETCHER_OPTIONS: OptionsSpec<ReadOptions> = {
  cacheTtlSeconds: seconds(3600, { min: 1 }),
  requestTimeoutSeconds: seconds(10, { min: 0.001, max: MAX_TIMER_SECONDS }),
  retry: (value = {}) => readRetryConfig(value as RetryConfig),
  circuitBreaker: (value = {}) => readCircuitBreakerConfig(value as CircuitBreakerConfig),
  connectionPoolSize: count(10),
  staleIfErrorSeconds: seconds(86_400),
  maxResponseBytes: count(262_144),
  unknownKeyCooldownSeconds: seconds(30, { min: 0.1 }),
  jwksUrl: readJwksUrl,
  allowInsecure: readAllowInsecure,
  fetch: optional(callback<Fetch>()),
  clock: clock(),
  observer: observer<KeySetEvent>(),
};

/** @throws {TypeError | RangeError} naming the option that is wrong. */
export function readFetcherOptions(options: JWKSFetcherOptions): FetcherSettings {
  assertIsNoUrl("JWKSFetcher", options);
  const settings = readOptions<ReadOptions>("JWKSFetcher", options, FETCHER_OPTIONS);
  const {
    fetch = createOutboundFetch({ isAllowedAddress: (address) => isAllowedAddress(address, settings) }),
  } = settings;
  // Called on its own, since a platform's fetch is an error when it is called as a method of something else.
  return { ...settings, fetch: (input, init) => fetch(input, init) };
}

/** @throws {TypeError} saying where a URL belongs, when it is given in place of the options. */
export function assertIsNoUrl(owner: string, options: unknown): void {
  if (typeof options !== "string" && !(options instanceof URL)) return;
  throw new TypeError(
    `${owner} takes an object of options, got a URL. Issuers are named to the verifier, in trustedIssuers, and publish at <issuer>/.well-known/jwks.json; { jwksUrl: (issuer) => url } names another place`,
  );
}

function readJwksUrl(value: unknown, name: string): ((issuer: string) => string) | undefined {
  if (value === undefined || typeof value === "function") return value as (issuer: string) => string;
  throw new TypeError(`${name} must be a function of the issuer, (issuer) => url, got ${kindOf(value)}`);
}

function readAllowInsecure(value: unknown, name: string): "loopback" | false {
  if (value === undefined || value === false) return false;
  if (value === "loopback") return value;
  throw new TypeError(`${name} must be "loopback" or false, got ${kindOf(value)}`);
}
