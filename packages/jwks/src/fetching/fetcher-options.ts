import { type AttestationObserver, type Clock, systemClock } from "@attest/core";
import { assertOptions, assertSeconds, kindOf, MAX_TIMER_SECONDS } from "@attest/core/internal";
import {
  type CircuitBreakerConfig,
  type RetryConfig,
  readCircuitBreakerConfig,
  readRetryConfig,
} from "@attest/resilience";
import { createOutboundFetch } from "#outbound-fetch";
import type { KeySetEvent } from "./events.js";
import { isAllowedAddress, type KeySetUrlOptions } from "./jwks-url.js";
import type { Fetch } from "./outbound-fetch.js";

export interface JWKSFetcherOptions extends KeySetUrlOptions {
  /**
   * How long a key set is kept, in seconds. Default 3600. An issuer whose `Cache-Control` asks for less gets
   * less, though never less than `unknownKeyCooldownSeconds`: else `no-store` would mean one request per token.
   * A lookup in the last fifth of this time fetches it anew without waiting for it.
   */
  readonly cacheTtlSeconds?: number | undefined;
  /**
   * How long a fetch may take, in seconds: its attempts, the waits between them and their bodies, all together;
   * after that the keys are unavailable. Default 10.
   */
  readonly requestTimeoutSeconds?: number | undefined;
  /** How often and when a failed attempt is made again. Default: 3 times, 0.5 to 10 seconds apart. */
  readonly retry?: RetryConfig | undefined;
  /**
   * When an issuer that keeps failing is left alone. Default: after 5 failed attempts in a row, for 30 seconds.
   * Every issuer has a breaker of its own, whose `name` is the issuer.
   */
  readonly circuitBreaker?: CircuitBreakerConfig | undefined;
  /** How many requests are made at once, to all issuers together; others wait for their turn. Default 10. */
  readonly connectionPoolSize?: number | undefined;
  /**
   * For how long after its time a key set is still used while its issuer cannot be asked, in seconds. Default
   * 86400 (a day); 0: not at all. A key that the issuer has withdrawn meanwhile is trusted for as long.
   */
  readonly staleIfErrorSeconds?: number | undefined;
  /** The longest key set that is read, in bytes; a longer one is refused. Default 262144 (256 KiB). */
  readonly maxResponseBytes?: number | undefined;
  /**
   * The least time between two fetches on behalf of key ids that the set does not have, in seconds and per
   * issuer. Default 30, at least 0.1. The first such id fetches at once, so that a rotated key is found; what is unknown after
   * that stays unknown until the time has passed.
   */
  readonly unknownKeyCooldownSeconds?: number | undefined;
  /**
   * Makes the requests. Default in Node: one that connects to public addresses only, whatever names resolve to;
   * elsewhere the platform's `fetch`. With one of your own, what names resolve to is for it to check: so
   * `fetch: globalThis.fetch` reaches an issuer in a private network by its name, or goes through a proxy.
   */
  readonly fetch?: Fetch | undefined;
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /**
   * Is told of every fetch (`key_set_fetched`, `key_set_fetch_retried`, `key_set_fetch_failed`), of the use of key
   * sets past their time (`stale_key_set_served`) and of issuers left alone (`circuit_state_changed`).
   */
  readonly observer?: AttestationObserver<KeySetEvent> | undefined;
}

const OPTIONS: readonly (keyof JWKSFetcherOptions)[] = [
  "cacheTtlSeconds",
  "requestTimeoutSeconds",
  "retry",
  "circuitBreaker",
  "connectionPoolSize",
  "staleIfErrorSeconds",
  "maxResponseBytes",
  "unknownKeyCooldownSeconds",
  "jwksUrl",
  "allowInsecure",
  "fetch",
  "clock",
  "observer",
];

type WithDefault = Exclude<keyof JWKSFetcherOptions, "jwksUrl" | "allowInsecure" | "observer">;

/** {@link JWKSFetcherOptions} with the defaults filled in. */
export type FetcherSettings = Omit<JWKSFetcherOptions, WithDefault> & {
  readonly [Option in WithDefault]: NonNullable<JWKSFetcherOptions[Option]>;
};

/** @throws {TypeError | RangeError} naming the option that is wrong. */
export function readFetcherOptions(options: JWKSFetcherOptions): FetcherSettings {
  assertOptions("JWKSFetcher", options, OPTIONS);
  for (const option of ["jwksUrl", "fetch"] as const) {
    if (options[option] !== undefined && typeof options[option] !== "function")
      throw new TypeError(`${option} must be a function, got ${kindOf(options[option])}`);
  }
  const settings = {
    ...options,
    cacheTtlSeconds: options.cacheTtlSeconds ?? 3600,
    requestTimeoutSeconds: options.requestTimeoutSeconds ?? 10,
    retry: options.retry ?? {},
    circuitBreaker: options.circuitBreaker ?? {},
    connectionPoolSize: options.connectionPoolSize ?? 10,
    staleIfErrorSeconds: options.staleIfErrorSeconds ?? 86_400,
    maxResponseBytes: options.maxResponseBytes ?? 262_144,
    unknownKeyCooldownSeconds: options.unknownKeyCooldownSeconds ?? 30,
    fetch:
      options.fetch ??
      createOutboundFetch({ isAllowedAddress: (address) => isAllowedAddress(address, options) }),
    clock: options.clock ?? systemClock,
  };
  const { allowInsecure } = settings;
  assertSeconds("cacheTtlSeconds", settings.cacheTtlSeconds, { min: 1 });
  assertSeconds("unknownKeyCooldownSeconds", settings.unknownKeyCooldownSeconds, { min: 0.1 });
  assertSeconds("staleIfErrorSeconds", settings.staleIfErrorSeconds, { min: 0 });
  assertSeconds("requestTimeoutSeconds", settings.requestTimeoutSeconds, {
    min: 0.001,
    max: MAX_TIMER_SECONDS,
  });
  for (const option of ["maxResponseBytes", "connectionPoolSize"] as const) {
    const value: unknown = settings[option];
    if (!Number.isSafeInteger(value) || (value as number) < 1)
      throw new RangeError(`${option} must be a positive integer, got ${String(value)}`);
  }
  if (allowInsecure !== undefined && allowInsecure !== false && allowInsecure !== "loopback")
    throw new TypeError(`allowInsecure must be "loopback" or false, got ${kindOf(allowInsecure)}`);
  readRetryConfig(settings.retry);
  readCircuitBreakerConfig(settings.circuitBreaker);
  return settings;
}
