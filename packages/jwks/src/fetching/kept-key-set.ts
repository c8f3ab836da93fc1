import { causesOf } from "@attest/core/internal";
import type { IssuerState } from "./fetcher-status.js";
import { isWithin } from "./is-within.js";
import type { KeysById } from "./remote-source.js";

/** Part of its time after which a key set is due for a fetch, before a look-up has to wait for it. */
const DUE_AFTER = 0.8;

/** Key set that was just fetched, with the time for which it may be kept. */
export interface LoadedKeySet<Keys> {
  readonly keySet: Keys;
  readonly freshSeconds: number;
}

/** First use of a key set past its time after a failed fetch. */
export interface StaleUse {
  readonly ageSeconds: number;
  readonly usableForSeconds: number;
  readonly cause: readonly string[];
}

export interface KeptKeySetOptions {
  /** How long a key set is used after its time while it cannot be fetched, in seconds. */
  readonly staleIfErrorSeconds: number;
  /** How long a failed fetch shows that the key set cannot be fetched, in seconds. */
  readonly failureHoldsSeconds: number;
  /** Whether a fetch would be refused at once, because too many have failed. */
  readonly isCircuitOpen: () => boolean;
}

/**
 * Latest key set of one issuer, and the latest failure to fetch it. It decides for how long the set may be used, and
 * fetches nothing itself. Every `now` is in seconds since the Unix epoch.
 */
export class KeptKeySet<Keys extends KeysById<unknown>> {
  readonly #options: KeptKeySetOptions;
  #loaded: (LoadedKeySet<Keys> & { readonly at: number }) | undefined;
  /** Failure of the latest fetch, with its time. */
  #failure: { readonly error: unknown; readonly at: number; isReported: boolean } | undefined;

  constructor(options: KeptKeySetOptions) {
    this.#options = options;
  }

  /** Keeps the result of a fetch. */
  succeed(loaded: LoadedKeySet<Keys>, now: number): void {
    this.#loaded = { ...loaded, at: now };
    this.#failure = undefined;
  }

  /** Keeps the failure of a fetch, besides the set that was known before. */
  fail(error: unknown, now: number): void {
    this.#failure = { error, at: now, isReported: false };
  }

  /** Returns the set when it can be used without a fetch: a fresh set, or an older one after a fetch that failed. */
  usableAt(now: number): Keys | undefined {
    const loaded = this.#loaded;
    if (loaded !== undefined && isWithin(now, loaded.at, loaded.freshSeconds)) return loaded.keySet;
    return this.fallbackAt(now);
  }

  /**
   * Returns the set for use in place of a failed fetch: only while it is known that the set cannot be fetched. A failure
   * from long ago says nothing about now, when the issuer may have revoked a key.
   */
  fallbackAt(now: number): Keys | undefined {
    if (this.#loaded === undefined || this.#failure === undefined) return undefined;
    const { failureHoldsSeconds, isCircuitOpen, staleIfErrorSeconds } = this.#options;
    if (!isCircuitOpen() && !isWithin(now, this.#failure.at, failureHoldsSeconds)) return undefined;
    const { keySet, at, freshSeconds } = this.#loaded;
    return isWithin(now, at, freshSeconds + staleIfErrorSeconds) ? keySet : undefined;
  }

  /** Whether the set should be fetched, though it may be usable still. */
  isDueAt(now: number): boolean {
    const loaded = this.#loaded;
    return loaded === undefined || !isWithin(now, loaded.at, loaded.freshSeconds * DUE_AFTER);
  }

  /** Whether there is a set, and it is past its time. */
  isStaleAt(now: number): boolean {
    const loaded = this.#loaded;
    return loaded !== undefined && !isWithin(now, loaded.at, loaded.freshSeconds);
  }

  /** Returns what to report of a use past the set's time: once per failure. */
  takeStaleUse(now: number): StaleUse | undefined {
    const { staleIfErrorSeconds } = this.#options;
    if (this.#loaded === undefined || this.#failure === undefined || this.#failure.isReported)
      return undefined;
    this.#failure.isReported = true;
    const ageSeconds = now - this.#loaded.at;
    const usableForSeconds = this.#loaded.freshSeconds + staleIfErrorSeconds - ageSeconds;
    return { ageSeconds, usableForSeconds, cause: causesOf(this.#failure.error) };
  }

  /** Throws the failure of the latest fetch, if it failed: then it is not known which keys there are by now. */
  assertKnown(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Returns what is known at `now`, for operators. */
  stateAt(now: number): Omit<IssuerState, "issuer" | "circuit"> {
    return {
      keyCount: this.#loaded?.keySet.keys.size ?? 0,
      fetchedAt: this.#loaded?.at ?? null,
      isStale: this.isStaleAt(now),
      lastFailure: this.#failure === undefined ? null : causesOf(this.#failure.error),
    };
  }
}
