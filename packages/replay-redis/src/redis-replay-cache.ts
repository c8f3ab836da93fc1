import { InMemoryReplayCache, type ReplayCache } from "@attest/core";
import { unavailable, unavailableBecause } from "./errors/unavailable.js";
import { type CacheSettings, type RedisReplayCacheOptions, readCacheOptions } from "./options.js";
import {
  type CacheMetrics,
  CacheState,
  type HealthStatus,
  newCacheCounters,
} from "./status/health-status.js";
import { attemptToken } from "./store/claim.js";
import { idKey } from "./store/id-key.js";
import { RedisStore } from "./store/redis-store.js";
import { clearIds, countIds } from "./store/scan.js";

/**
 * Remembers used token ids in Redis or Valkey, for any number of servers: one atomic command per check. Each server
 * also remembers the ids that it accepted itself, so that no fault of Redis lets one of them in again there.
 *
 * While Redis is away a server decides by its own memory, and tells Redis before it trusts it again; with
 * `fallbackEnabled: false` it refuses instead (1011). Needs Redis 7.0 or Valkey 7.2, or newer.
 *
 * @example
 * await using cache = new RedisReplayCache({ url: "rediss://user:password@redis.example:6380" });
 * await cache.connect();
 */
export class RedisReplayCache implements ReplayCache, AsyncDisposable {
  readonly #settings: CacheSettings;
  readonly #counters = newCacheCounters();
  readonly #accepted: InMemoryReplayCache;
  readonly #store: RedisStore;
  #isClosed = false;

  /** @throws {TypeError | RangeError} naming the option that is wrong; it never shows the content of `url`. */
  constructor(options: RedisReplayCacheOptions = {}) {
    this.#settings = readCacheOptions(options);
    const { maxLocalEntries: maxEntries, clock } = this.#settings;
    this.#accepted = new InMemoryReplayCache({ maxEntries, clock });
    this.#store = new RedisStore(this.#settings, this.#counters);
  }

  /**
   * Connects, or probes a client of your own. The first use does so too; call it to learn at the start of a server
   * that Redis cannot be used. Connecting goes on by itself in any case.
   *
   * @throws {AttestationError} 1011 when Redis cannot be used and there is no fall-back, or after `close`.
   * @throws {Error} when the `redis` package is needed and not installed.
   */
  async connect(): Promise<void> {
    await this.#store.open();
    if (this.state === CacheState.UNHEALTHY) throw unavailableBecause(this.#store.lastFailure);
  }

  /** Closes the connections that were opened here; a `client` of your own stays open. No use after that. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#store.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** The state of the cache: unhealthy until it is connected. */
  get state(): CacheState {
    return this.#store.health.state;
  }

  /** The counters of the cache: a copy that does not change. */
  get metrics(): CacheMetrics {
    return { ...this.#counters };
  }

  /** Returns state and metrics in one, for a health page: a copy that does not change, without secrets. */
  getHealthStatus(): HealthStatus {
    const { health, eviction, pendingIds } = this.#store;
    return {
      state: health.state,
      usingFallback: health.state === CacheState.DEGRADED,
      redisConnected: health.isConnected,
      metrics: this.metrics,
      eviction,
      pendingIds,
    };
  }

  /**
   * Returns `true` the first time, `false` while `jti` is remembered or when its `exp` has passed. Answers within
   * `socketTimeoutSeconds + maxRetries × retryDelaySeconds`, 3.5 seconds by default, and at once while Redis is known
   * to be away.
   *
   * @param exp seconds since the Unix epoch
   * @throws {AttestationError} 1011 when it cannot tell: no fall-back, a full memory, a cache that is closed.
   */
  async checkAndAdd(jti: string, exp: number): Promise<boolean> {
    this.#assertOpen();
    this.#counters.checks += 1;
    if (await this.#accepted.exists(jti)) return this.#known();
    if (!(exp > this.#settings.clock.now())) return this.#unknown(false);

    const wanted = { key: this.#key(jti), token: attemptToken(), expiresAt: exp };
    if (!(await this.#store.claim(wanted))) return this.#known();
    // The last word is this server's own memory: Redis may have forgotten the id.
    try {
      return (await this.#accepted.checkAndAdd(jti, exp)) ? this.#unknown(true) : this.#known();
    } catch (error) {
      this.#store.withdraw(wanted);
      throw error;
    }
  }

  /**
   * Returns whether `jti` is remembered, here or in Redis; while Redis is away, here.
   *
   * @throws {AttestationError} 1011 when it cannot tell.
   */
  async exists(jti: string): Promise<boolean> {
    this.#assertOpen();
    if (await this.#accepted.exists(jti)) return true;
    const key = this.#key(jti);
    return this.#sendOr(
      () => this.#store.send(async (client) => Number(await client.exists(key)) > 0, key),
      async () => false,
    );
  }

  /**
   * Counts the ids in Redis, of all servers together; while Redis is away, the ids here. It scans every key of Redis:
   * for now and then, not for every request.
   *
   * @throws {AttestationError} 1011 when it cannot tell.
   */
  async count(): Promise<number> {
    this.#assertOpen();
    return this.#sendOr(
      () => this.#store.scan((link, seconds) => countIds(link, this.#settings.keyPrefix, seconds)),
      () => this.#accepted.count(),
    );
  }

  /**
   * Forgets every id, here and in Redis, whichever server wrote it there; the memories of other servers stay. Other
   * keys stay, even where they begin with `keyPrefix`.
   *
   * @throws {AttestationError} 1011 when Redis cannot be cleared now; what it has forgotten by then is forgotten.
   */
  async clear(): Promise<void> {
    this.#assertOpen();
    await this.#sendOr(() =>
      this.#store.scan((link, seconds) => clearIds(link, this.#settings.keyPrefix, seconds)),
    );
    this.#store.forgetPending();
    await this.#accepted.clear();
  }

  /** Returns what `send` returns, or else what the fall-back does, if there is one. */
  async #sendOr<T>(send: () => Promise<T>, fallBack?: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (cause) {
      if (this.#isClosed || !this.#settings.fallbackEnabled || fallBack === undefined)
        throw unavailableBecause(cause);
      return fallBack();
    }
  }

  #key(jti: string): string {
    return idKey(this.#settings.keyPrefix, jti);
  }

  #known(): false {
    this.#counters.hits += 1;
    this.#counters.replaysDetected += 1;
    return false;
  }

  #unknown(isAccepted: boolean): boolean {
    this.#counters.misses += 1;
    return isAccepted;
  }

  #assertOpen(): void {
    if (this.#isClosed) throw unavailable("the replay cache is closed");
  }
}
