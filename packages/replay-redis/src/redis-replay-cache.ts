import { InMemoryReplayCache, type ReplayCache } from "@attest/core";
import { attemptToken } from "./attempt-token.js";
import { type CacheMetrics, newCacheCounters } from "./cache-metrics.js";
import { CacheState } from "./cache-state.js";
import type { HealthStatus } from "./health-status.js";
import { idKey } from "./id-key.js";
import { clearIds, countIds } from "./keyspace.js";
import { type CacheSettings, type RedisReplayCacheOptions, readOptions } from "./options.js";
import { RedisStore } from "./redis-store.js";
import { cannotTell, unavailable } from "./unavailable.js";

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
    this.#settings = readOptions(options);
    const { maxLocalEntries: maxEntries, clock } = this.#settings;
    this.#accepted = new InMemoryReplayCache({ maxEntries, clock });
    this.#store = new RedisStore(this.#settings, this.#counters);
  }

  /**
   * Connects, or with a client of your own looks whether it works. The first use does so too; call it to learn at
   * the start of a server that Redis cannot be used. Connecting goes on by itself in any case.
   *
   * @throws {AttestationError} 1011 when Redis cannot be used and there is no fall-back, or after `close`.
   * @throws {Error} when the `redis` package is needed and not installed.
   */
  async connect(): Promise<void> {
    await this.#store.open();
    if (this.state === CacheState.UNHEALTHY) throw cannotTell(this.#store.lastFailure);
  }

  /** Closes the connections that were opened here; a `client` of your own stays open. No use after that. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#store.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** How the cache stands: unhealthy until it is connected. */
  get state(): CacheState {
    return this.#store.health.state;
  }

  /** What has happened so far: a copy that does not change. */
  get metrics(): CacheMetrics {
    return { ...this.#counters };
  }

  /** State and metrics in one, for a health page: a copy that does not change, without secrets. */
  getHealthStatus(): HealthStatus {
    const { health, eviction, unwrittenIds } = this.#store;
    return {
      state: health.state,
      usingFallback: health.state === CacheState.DEGRADED,
      redisConnected: health.isConnected,
      metrics: this.metrics,
      eviction,
      unwrittenIds,
    };
  }

  /**
   * `true` the first time, `false` while `jti` is remembered. An id whose `exp` has passed gets `false`. Answers
   * within `socketTimeoutSeconds + maxRetries × retryDelaySeconds`, 3.5 seconds by default, and at once while Redis
   * is known to be away.
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
    // Whatever Redis said, forgot, and said again: nothing is accepted here but through this one gate.
    try {
      return (await this.#accepted.checkAndAdd(jti, exp)) ? this.#unknown(true) : this.#known();
    } catch (error) {
      this.#store.withdraw(wanted);
      throw error;
    }
  }

  /**
   * Whether `jti` is remembered, here or in Redis; while Redis is away, here.
   *
   * @throws {AttestationError} 1011 when it cannot tell.
   */
  async exists(jti: string): Promise<boolean> {
    this.#assertOpen();
    if (await this.#accepted.exists(jti)) return true;
    const key = this.#key(jti);
    return this.#askOr(
      () => this.#store.ask(async (client) => Number(await client.exists(key)) > 0, key),
      async () => false,
    );
  }

  /**
   * How many ids are remembered in Redis, by all servers together; while Redis is away, here. Walks through every
   * key of Redis by SCAN: for now and then, not for every request.
   *
   * @throws {AttestationError} 1011 when it cannot tell.
   */
  async count(): Promise<number> {
    this.#assertOpen();
    return this.#askOr(
      () => this.#store.walk((link, seconds) => countIds(link, this.#settings.keyPrefix, seconds)),
      () => this.#accepted.count(),
    );
  }

  /**
   * Forgets every id, here and in Redis; the memories of other servers stay. Touches no key but those that begin
   * with `keyPrefix`.
   *
   * @throws {AttestationError} 1011 when Redis cannot be cleared now; what it has forgotten by then is forgotten.
   */
  async clear(): Promise<void> {
    this.#assertOpen();
    await this.#askOr(() =>
      this.#store.walk((link, seconds) => clearIds(link, this.#settings.keyPrefix, seconds)),
    );
    this.#store.forgetUnwritten();
    await this.#accepted.clear();
  }

  /** What `ask` gives, or else what the fall-back does, if there is one. */
  async #askOr<T>(ask: () => Promise<T>, fallBack?: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (cause) {
      if (this.#isClosed || !this.#settings.fallbackEnabled || fallBack === undefined)
        throw cannotTell(cause);
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
