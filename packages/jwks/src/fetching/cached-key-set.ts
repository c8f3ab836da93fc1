import type { Clock } from "@attest/core";
import type { FetchCounters, IssuerState } from "./fetcher-status.js";
import { isWithin } from "./is-within.js";
import { KeptKeySet, type LoadedKeySet, type StaleUse } from "./kept-key-set.js";
import type { KeysById } from "./remote-source.js";
import { SharedFetch } from "./shared-fetch.js";

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

/**
 * Key set of one issuer: kept while it is fresh, fetched by one request at a time, used for a while longer when it cannot
 * be fetched. It decides when the issuer is asked. An answer that is known is returned as it is, not as a promise.
 */
export class CachedKeySet<Key, Keys extends KeysById<Key> = KeysById<Key>> {
  readonly #options: CachedKeySetOptions<Keys>;
  readonly #fetch: SharedFetch<LoadedKeySet<Keys>>;
  readonly #kept: KeptKeySet<Keys>;
  /** When an unknown key id last caused a fetch. */
  #soughtAt = Number.NEGATIVE_INFINITY;
  /** When a failed signature last caused a fetch. A time of its own: made-up key ids must not put this fetch off. */
  #refreshedAt = Number.NEGATIVE_INFINITY;

  constructor(options: CachedKeySetOptions<Keys>) {
    this.#options = options;
    const { clock, loader, requestTimeoutSeconds } = options;
    this.#kept = new KeptKeySet({
      staleIfErrorSeconds: options.staleIfErrorSeconds,
      failureHoldsSeconds: options.unknownKeyCooldownSeconds,
      isCircuitOpen: () => loader.isCircuitOpen,
    });
    this.#fetch = new SharedFetch({
      fetch: () => loader.load(),
      longestSeconds: requestTimeoutSeconds,
      clock,
      onSuccess: (loaded) => this.#kept.succeed(loaded, clock.now()),
      onFailure: (error) => this.#kept.fail(error, clock.now()),
      onDeath: () => loader.abandon(),
    });
  }

  getKeySet(): Keys | Promise<Keys> {
    const now = this.#options.clock.now();
    const keySet = this.#usableAtOnce(now);
    if (keySet === undefined) return this.#loadOrFallBack();
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
      return (await this.#loadOrFallBack()).keys.get(kid);
    } catch (error) {
      // The old key stands as long as the issuer does not say otherwise.
      if (known === undefined) throw error;
      return known;
    }
  }

  /** Returns what is known now, for operators. */
  state(): Omit<IssuerState, "issuer" | "circuit"> {
    return this.#kept.stateAt(this.#options.clock.now());
  }

  /** Looks for a key that the known set does not have: the issuer may have rotated, or the id is made up. */
  async #seek(kid: string, now: number, isSetKnown: boolean): Promise<Key | undefined> {
    const { counters, unknownKeyCooldownSeconds } = this.#options;
    if (isSetKnown && !this.#fetch.isUnderWay) {
      if (isWithin(now, this.#soughtAt, unknownKeyCooldownSeconds)) {
        counters.cacheHits++;
        this.#kept.assertKnown();
        return undefined;
      }
      this.#soughtAt = now;
    }
    const found = (await this.#loadOrFallBack()).keys.get(kid);
    if (found !== undefined) return found;
    this.#soughtAt = now;
    this.#kept.assertKnown();
    return undefined;
  }

  /** Returns the set when no look-up has to wait for it. Starts a fetch meanwhile when one is due. */
  #usableAtOnce(now: number): Keys | undefined {
    const keySet = this.#kept.usableAt(now);
    if (keySet !== undefined && this.#kept.isDueAt(now)) this.#loadInBackground();
    return keySet;
  }

  /** Starts a fetch that no look-up waits for, unless one is under way or would be refused. */
  #loadInBackground(): void {
    if (this.#fetch.isUnderWay) return;
    if (this.#options.loader.isCircuitOpen) this.#options.counters.circuitBreakerRejections++;
    else this.#fetch.run().catch(() => undefined);
  }

  /** Returns the set that a fetch brings. When it fails, returns the set that is known, as long as it may be used. */
  async #loadOrFallBack(): Promise<Keys> {
    const { clock, counters } = this.#options;
    if (this.#fetch.isUnderWay) counters.coalesced++;
    else counters.cacheMisses++;
    try {
      return (await this.#fetch.run()).keySet;
    } catch (error) {
      const now = clock.now();
      const keySet = this.#kept.fallbackAt(now);
      if (keySet === undefined) throw error;
      this.#countStale(now);
      return keySet;
    }
  }

  #countHit(now: number): void {
    this.#options.counters.cacheHits++;
    this.#countStale(now);
  }

  #countStale(now: number): void {
    if (!this.#kept.isStaleAt(now)) return;
    this.#options.counters.staleServed++;
    const use = this.#kept.takeStaleUse(now);
    if (use !== undefined) this.#options.onStale(use);
  }
}
