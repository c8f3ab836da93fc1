import type { Clock } from "@attest/core";
import { causesOf } from "@attest/core/internal";
import type { FetchCounters, IssuerState } from "./fetcher-status.js";
import type { KeysById } from "./remote-source.js";
import { SharedFetch } from "./shared-fetch.js";

/** Part of its time after which a key set is fetched anew, before a look-up has to wait for it. */
const REFRESH_AFTER = 0.8;

/** Key set that was just fetched, with the time for which it may be kept. */
export interface LoadedKeySet<Keys> {
  readonly keySet: Keys;
  readonly freshSeconds: number;
}

/** Source of a {@link CachedKeySet}. */
export interface KeySetLoader<Keys> {
  /** Fetches the key set. */
  load(): Promise<LoadedKeySet<Keys>>;
  /** Gives up all fetches that are under way: they are dead. */
  abandon(): void;
  /** Whether a fetch would be refused at once, because too many have failed. */
  readonly isCircuitOpen: boolean;
}

export interface CachedKeySetOptions<Keys> {
  readonly loader: KeySetLoader<Keys>;
  readonly clock: Clock;
  /** Longest time that a fetch may take, in seconds. */
  readonly requestTimeoutSeconds: number;
  /** Least time between two fetches for unknown key ids, and between two for failed signatures, in seconds. */
  readonly unknownKeyCooldownSeconds: number;
  /** How long a key set is used after its time while it cannot be fetched, in seconds. */
  readonly staleIfErrorSeconds: number;
  readonly counters: FetchCounters;
  /** Is called when a key set past its time is first used after a failed fetch. */
  readonly onStale: (use: StaleUse) => void;
}

interface StaleUse {
  readonly ageSeconds: number;
  readonly usableForSeconds: number;
  readonly cause: readonly string[];
}

/**
 * Key set of one issuer: kept while it is fresh, fetched by one request at a time, used for a while longer when it cannot
 * be fetched. An answer that is known is returned as it is, not as a promise.
 */
export class CachedKeySet<Key, Keys extends KeysById<Key> = KeysById<Key>> {
  readonly #options: CachedKeySetOptions<Keys>;
  readonly #fetch: SharedFetch<LoadedKeySet<Keys>>;
  #loaded: (LoadedKeySet<Keys> & { readonly at: number }) | undefined;
  /** When an unknown key id last caused a fetch. */
  #soughtAt = Number.NEGATIVE_INFINITY;
  /** When a failed signature last caused a fetch. A time of its own: made-up key ids must not put this fetch off. */
  #refreshedAt = Number.NEGATIVE_INFINITY;
  /** Failure of the latest fetch, with its time. */
  #failure: { readonly error: unknown; readonly at: number; isReported: boolean } | undefined;

  constructor(options: CachedKeySetOptions<Keys>) {
    this.#options = options;
    const { clock, loader, requestTimeoutSeconds } = options;
    this.#fetch = new SharedFetch({
      fetch: () => loader.load(),
      longestSeconds: requestTimeoutSeconds,
      clock,
      onSuccess: (loaded) => {
        this.#loaded = { ...loaded, at: clock.now() };
        this.#failure = undefined;
      },
      onFailure: (error) => {
        this.#failure = { error, at: clock.now(), isReported: false };
      },
      onDeath: () => loader.abandon(),
    });
  }

  getKeySet(): Keys | Promise<Keys> {
    const now = this.#options.clock.now();
    const keySet = this.#usableAtOnce(now);
    if (keySet === undefined) return this.#loadOrStale();
    this.#countHit(now);
    return keySet;
  }

  /** Returns the key named `kid`, or `undefined` when the issuer publishes none, as far as the latest fetch can tell. */
  getKey(kid: string): Key | undefined | Promise<Key | undefined> {
    const now = this.#options.clock.now();
    const keySet = this.#usableAtOnce(now);
    const key = keySet?.keys.get(kid);
    if (key === undefined) return this.#seek(kid, now, keySet !== undefined);
    this.#countHit(now);
    return key;
  }

  /** Returns the key named `kid` after another look at the issuer, unless there was such a look within the cooldown. */
  async refreshKey(kid: string): Promise<Key | undefined> {
    const { clock, counters, loader, unknownKeyCooldownSeconds } = this.#options;
    const now = clock.now();
    const known = this.#usableAtOnce(now)?.keys.get(kid);
    const isTooEarly = isWithin(now, this.#refreshedAt, unknownKeyCooldownSeconds) || loader.isCircuitOpen;
    if (known !== undefined && isTooEarly && !this.#fetch.isUnderWay) {
      counters.cacheHits++;
      return known;
    }
    this.#refreshedAt = now;
    try {
      return (await this.#loadOrStale()).keys.get(kid);
    } catch (error) {
      // The old key stands as long as the issuer does not say otherwise.
      if (known === undefined) throw error;
      return known;
    }
  }

  /** Returns what is known now, for operators. */
  state(): Omit<IssuerState, "issuer" | "circuit"> {
    const loaded = this.#loaded;
    return {
      keyCount: loaded?.keySet.keys.size ?? 0,
      fetchedAt: loaded?.at ?? null,
      isStale: loaded !== undefined && !isWithin(this.#options.clock.now(), loaded.at, loaded.freshSeconds),
      lastFailure: this.#failure === undefined ? null : causesOf(this.#failure.error),
    };
  }

  /** Looks for a key that the known set does not have: the issuer may have rotated, or the id is made up. */
  async #seek(kid: string, now: number, isSetKnown: boolean): Promise<Key | undefined> {
    if (isSetKnown && !this.#fetch.isUnderWay) {
      if (isWithin(now, this.#soughtAt, this.#options.unknownKeyCooldownSeconds)) {
        this.#options.counters.cacheHits++;
        // The last attempt to learn of a new key failed, so it is not known whether there is one.
        if (this.#failure !== undefined) throw this.#failure.error;
        return undefined;
      }
      this.#soughtAt = now;
    }
    const found = (await this.#loadOrStale()).keys.get(kid);
    if (found !== undefined) return found;
    this.#soughtAt = now;
    if (this.#failure !== undefined) throw this.#failure.error;
    return undefined;
  }

  /**
   * Returns the set when it can be used without a wait: a fresh one; or one past its time, after a fetch that failed.
   * Starts a fetch meanwhile when the set is about to need one.
   */
  #usableAtOnce(now: number): Keys | undefined {
    const loaded = this.#loaded;
    if (loaded === undefined) return undefined;
    const age = now - loaded.at;
    if (age >= 0 && age < loaded.freshSeconds * REFRESH_AFTER) return loaded.keySet;
    const isUsable = isWithin(now, loaded.at, loaded.freshSeconds) || this.#isStaleUsable(now);
    if (!isUsable) return undefined;
    this.#loadInBackground();
    return loaded.keySet;
  }

  /**
   * Whether a set past its time may be used: only while it is known that it cannot be fetched. A failure from long ago
   * says nothing about now, when the issuer may have revoked a key.
   */
  #isStaleUsable(now: number): boolean {
    const loaded = this.#loaded;
    if (loaded === undefined || this.#failure === undefined) return false;
    const { loader, unknownKeyCooldownSeconds } = this.#options;
    if (!loader.isCircuitOpen && !isWithin(now, this.#failure.at, unknownKeyCooldownSeconds)) return false;
    return isWithin(now, loaded.at, loaded.freshSeconds + this.#options.staleIfErrorSeconds);
  }

  /** Starts a fetch that no look-up waits for, unless one is under way or would be refused. */
  #loadInBackground(): void {
    if (this.#fetch.isUnderWay) return;
    if (this.#options.loader.isCircuitOpen) this.#options.counters.circuitBreakerRejections++;
    else this.#fetch.run().catch(() => undefined);
  }

  /** Returns what a fetch brings; or, when it fails, the set past its time. */
  async #loadOrStale(): Promise<Keys> {
    const { clock, counters } = this.#options;
    if (this.#fetch.isUnderWay) counters.coalesced++;
    else counters.cacheMisses++;
    try {
      return (await this.#fetch.run()).keySet;
    } catch (error) {
      const now = clock.now();
      if (this.#loaded === undefined || !this.#isStaleUsable(now)) throw error;
      this.#countStale(now);
      return this.#loaded.keySet;
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
