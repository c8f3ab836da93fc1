import type { Clock, Ed25519PublicKey } from "@attest/core";
import { causesOf } from "@attest/core/internal";
import type { FetchCounters } from "./fetcher-metrics.js";
import type { KeySet } from "./key-set.js";

/** After which part of its time a key set is fetched anew, before anybody has to wait for it. */
const REFRESH_AFTER = 0.8;

/** A key set that was just fetched, and for how long it may be kept. */
export interface LoadedKeySet {
  readonly keySet: KeySet;
  readonly freshSeconds: number;
}

/** Where a {@link CachedKeySet} gets its keys from. */
export interface KeySetLoader {
  /** Fetches the key set. */
  load(): Promise<LoadedKeySet>;
  /** Whether a fetch would be refused at once, because too many have failed. */
  readonly isCircuitOpen: boolean;
}

export interface CachedKeySetOptions {
  readonly loader: KeySetLoader;
  readonly clock: Clock;
  /** The least time between two fetches on behalf of unknown key ids, in seconds. */
  readonly unknownKeyCooldownSeconds: number;
  /** For how long after its time a key set is used while it cannot be fetched, in seconds. */
  readonly staleIfErrorSeconds: number;
  readonly counters: FetchCounters;
  /** Is told when a key set past its time is first used after a failed fetch. */
  readonly onStale: (use: StaleUse) => void;
}

export interface StaleUse {
  readonly ageSeconds: number;
  readonly usableForSeconds: number;
  readonly cause: readonly string[];
}

/**
 * One issuer's key set: kept while it is fresh, fetched by one request at a time, used for a while longer when it
 * cannot be fetched. What can be answered at once is returned as it is, not as a promise.
 */
export class CachedKeySet {
  readonly #options: CachedKeySetOptions;
  #loaded: (LoadedKeySet & { readonly at: number }) | undefined;
  #loading: Promise<KeySet> | undefined;
  /** When a key id that the set did not have last caused a fetch. */
  #refetchedAt = Number.NEGATIVE_INFINITY;
  /** Why the latest fetch failed, if it did, and when. */
  #failure: { readonly error: unknown; readonly at: number; isReported: boolean } | undefined;

  constructor(options: CachedKeySetOptions) {
    this.#options = options;
  }

  getKeySet(): KeySet | Promise<KeySet> {
    const now = this.#options.clock.now();
    const keySet = this.#usableAtOnce(now);
    if (keySet === undefined) return this.#loadOrStale();
    this.#countHit(now);
    return keySet;
  }

  /** The key named `kid`; `undefined` when the issuer publishes none, as far as the latest fetch can tell. */
  getKey(kid: string): Ed25519PublicKey | undefined | Promise<Ed25519PublicKey | undefined> {
    const now = this.#options.clock.now();
    const keySet = this.#usableAtOnce(now);
    const key = keySet?.keys.get(kid);
    if (key === undefined) return this.#seek(kid, now, keySet !== undefined);
    this.#countHit(now);
    return key;
  }

  /** A key that the set, if there is one, does not have: the issuer may have rotated; or somebody makes ids up. */
  async #seek(kid: string, now: number, isSetKnown: boolean): Promise<Ed25519PublicKey | undefined> {
    if (isSetKnown && this.#loading === undefined) {
      if (isWithin(now, this.#refetchedAt, this.#options.unknownKeyCooldownSeconds)) {
        this.#options.counters.cacheHits++;
        // The last attempt to learn of a new key failed, so nobody knows whether there is one.
        if (this.#failure !== undefined) throw this.#failure.error;
        return undefined;
      }
      this.#refetchedAt = now;
    }
    const found = (await this.#loadOrStale()).keys.get(kid);
    if (found !== undefined) return found;
    this.#refetchedAt = now;
    if (this.#failure !== undefined) throw this.#failure.error;
    return undefined;
  }

  /**
   * The set, when there is one that nobody has to wait for: a fresh one; or one past its time, after a fetch that
   * failed. It is fetched anew meanwhile when it is about to need that.
   */
  #usableAtOnce(now: number): KeySet | undefined {
    const loaded = this.#loaded;
    if (loaded === undefined) return undefined;
    const age = now - loaded.at;
    if (age >= 0 && age < loaded.freshSeconds * REFRESH_AFTER) return loaded.keySet;
    const isUsable = isWithin(now, loaded.at, loaded.freshSeconds) || this.#isStaleUsable(now);
    if (!isUsable) return undefined;
    this.#refresh();
    return loaded.keySet;
  }

  /**
   * Whether a set past its time may be used: only while it is known that it cannot be fetched. A failure from long
   * ago says nothing about now, when the issuer may have revoked a key.
   */
  #isStaleUsable(now: number): boolean {
    const loaded = this.#loaded;
    if (loaded === undefined || this.#failure === undefined) return false;
    const { loader, unknownKeyCooldownSeconds } = this.#options;
    if (!loader.isCircuitOpen && !isWithin(now, this.#failure.at, unknownKeyCooldownSeconds)) return false;
    return isWithin(now, loaded.at, loaded.freshSeconds + this.#options.staleIfErrorSeconds);
  }

  /** Starts a fetch that nobody waits for, unless one is under way or would be refused. */
  #refresh(): void {
    if (this.#loading !== undefined) return;
    if (this.#options.loader.isCircuitOpen) this.#options.counters.circuitBreakerRejections++;
    else this.#load().catch(() => undefined);
  }

  /** What a fetch brings; or, when it fails, the set past its time. */
  async #loadOrStale(): Promise<KeySet> {
    const { clock, counters } = this.#options;
    if (this.#loading === undefined) counters.cacheMisses++;
    else counters.coalesced++;
    try {
      return await (this.#loading ?? this.#load());
    } catch (error) {
      const now = clock.now();
      if (this.#loaded === undefined || !this.#isStaleUsable(now)) throw error;
      this.#countStale(now);
      return this.#loaded.keySet;
    }
  }

  #load(): Promise<KeySet> {
    this.#loading = this.#fetch().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #fetch(): Promise<KeySet> {
    try {
      const loaded = await this.#options.loader.load();
      this.#loaded = { ...loaded, at: this.#options.clock.now() };
      this.#failure = undefined;
      return loaded.keySet;
    } catch (error) {
      this.#failure = { error, at: this.#options.clock.now(), isReported: false };
      throw error;
    }
  }

  #countHit(now: number): void {
    this.#options.counters.cacheHits++;
    this.#countStale(now);
  }

  #countStale(now: number): void {
    const loaded = this.#loaded;
    if (loaded === undefined || now - loaded.at < loaded.freshSeconds) return;
    const { counters, staleIfErrorSeconds, onStale } = this.#options;
    counters.staleServed++;
    if (this.#failure === undefined || this.#failure.isReported) return;
    this.#failure.isReported = true;
    const ageSeconds = now - loaded.at;
    const usableForSeconds = loaded.freshSeconds + staleIfErrorSeconds - ageSeconds;
    onStale({ ageSeconds, usableForSeconds, cause: causesOf(this.#failure.error) });
  }
}

/** Whether `now` lies in the `seconds` after `since`. A clock that was set back is in no such span. */
function isWithin(now: number, since: number, seconds: number): boolean {
  return now >= since && now - since < seconds;
}
