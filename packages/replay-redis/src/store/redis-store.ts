import { isAttestationError } from "@attest/core";
import { withDeadline } from "@attest/core/internal";
import { isCluster, type RedisClient } from "../connection/redis-client.js";
import { openLink, type RedisLink } from "../connection/redis-link.js";
import { secretsOf } from "../connection/redis-url.js";
import { type RetryOptions, sendWithRetries } from "../connection/send.js";
import { CommandTimeoutError } from "../errors/command-timeout-error.js";
import { redactor } from "../errors/redaction.js";
import { unavailable, unavailableBecause, withClusterRemedy } from "../errors/unavailable.js";
import type { CacheSettings } from "../options.js";
import type { Eviction } from "../status/eviction.js";
import { Health } from "../status/health.js";
import type { CacheCounters } from "../status/health-status.js";
import { type Claim, claim } from "./claim.js";
import { PendingClaims } from "./pending-claims.js";
import { Recovery } from "./recovery.js";

/** The most commands under way at once; more are refused, 1011, since their memory has to have a bound. */
const MAX_UNDER_WAY = 65_536;

/** The ids in Redis, as far as it can be used, and the ids that it has yet to be told. */
export class RedisStore {
  readonly health: Health;
  readonly #settings: CacheSettings;
  readonly #counters: CacheCounters;
  readonly #explain: (error: unknown) => unknown;
  readonly #retry: RetryOptions;
  readonly #pending = new PendingClaims();
  readonly #recovery: Recovery;
  #opening: Promise<RedisLink> | undefined;
  /** Set once Redis has been probed. */
  #link: RedisLink | undefined;
  #lastFailure: unknown;
  #underWay = 0;
  #isClosed = false;

  constructor(settings: CacheSettings, counters: CacheCounters) {
    const { keyPrefix, client, clock, observer } = settings;
    this.#settings = settings;
    this.#counters = counters;
    this.#explain = explainer(settings);
    this.health = new Health({
      ...settings,
      observer,
      counters,
      isRecovered: () => this.#pending.size === 0,
    });
    this.#retry = {
      ...settings,
      mayRetry: () => this.health.isHealthy,
      onRetry: () => {
        counters.redisErrors += 1;
      },
    };
    this.#recovery = new Recovery({
      keyPrefix,
      pending: this.#pending,
      retry: this.#retry,
      isUsersClient: client !== undefined,
      counters,
      observer,
      now: () => clock.now(),
    });
  }

  get eviction(): Eviction {
    return this.#recovery.eviction;
  }

  get pendingIds(): number {
    return this.#pending.size;
  }

  /** The reason why Redis cannot be used now. */
  get lastFailure(): unknown {
    return this.#lastFailure;
  }

  /**
   * Opens the way to Redis, once, and probes it. An unusable Redis is no error here.
   *
   * @throws {AttestationError} 1011 after `close`.
   * @throws {Error} when the `redis` package is needed and not installed.
   */
  async open(): Promise<RedisLink> {
    if (this.#isClosed) throw unavailable("the replay cache is closed");
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  /**
   * Returns whether this attempt may use the id, as far as Redis is concerned. While Redis cannot tell and there is a
   * fall-back it may, and Redis is told later.
   *
   * @throws {AttestationError} 1011 when Redis cannot tell and there is no fall-back.
   */
  async claim(wanted: Claim): Promise<boolean> {
    const { clock, fallbackEnabled } = this.#settings;
    try {
      return await this.send((client) => claim(client, wanted, clock.now()), wanted.key);
    } catch (cause) {
      if (isAttestationError(cause)) throw cause;
      if (this.#isClosed || !fallbackEnabled || this.#link === undefined) throw unavailableBecause(cause);
      this.#pending.add(wanted, clock.now());
      // Redis may be trusted again by now, without having been told of this claim.
      if (this.health.isHealthy) this.health.fail(cause);
      return true;
    }
  }

  /** Takes back a pending claim. */
  withdraw(unwanted: Claim): void {
    this.#pending.delete(unwanted);
  }

  /** Forgets every pending claim. */
  forgetPending(): void {
    this.#pending.clear();
  }

  /** Sends a command to a Redis that is trusted. When that fails, the trust ends. @throws the failure, now or before. */
  send<T>(command: (client: RedisClient) => Promise<T>, key: string): Promise<T> {
    return this.#trusting((link) => sendWithRetries(link, this.#retry, command), key);
  }

  /** Scans Redis's keys by `scan`; each of its steps may take a command's time. */
  scan<T>(scan: (link: RedisLink, timeoutSeconds: number) => Promise<T>): Promise<T> {
    return this.#trusting((link) => scan(link, this.#settings.socketTimeoutSeconds));
  }

  /** Tries once more to write pending claims, then ends what was opened here. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.health.stop();
    const link = await this.#opening?.catch(() => undefined);
    if (link === undefined) return;
    const { socketTimeoutSeconds: seconds } = this.#settings;
    await withDeadline(
      this.#recovery.writePending(link),
      seconds,
      () => new CommandTimeoutError(seconds),
    ).catch(() => undefined);
    link.close();
  }

  async #open(): Promise<RedisLink> {
    const link = await openLink(this.#settings, () => {
      this.#counters.redisErrors += 1;
    });
    await this.health.start({
      ready: () => this.#explaining(link.ready()),
      check: () => this.#explaining(this.#recovery.probe(link)),
      recover: () => this.#explaining(this.#recovery.recover(link)),
    });
    this.#link = link;
    return link;
  }

  async #trusting<T>(use: (link: RedisLink) => Promise<T>, key?: string): Promise<T> {
    const link = this.#link ?? (await this.open());
    if (!this.health.isHealthy) throw this.#lastFailure;
    // Says nothing of Redis, so it neither ends the trust in it nor opens the fall-back.
    if (this.#underWay >= MAX_UNDER_WAY) throw unavailable("too many commands are under way");
    this.#underWay += 1;
    try {
      return await use(link);
    } catch (error) {
      this.#counters.redisErrors += 1;
      if (key !== undefined) this.#recovery.suspect(key);
      this.#lastFailure = this.#explain(error);
      this.health.fail(this.#lastFailure);
      throw this.#lastFailure;
    } finally {
      this.#underWay -= 1;
    }
  }

  /** Explains the errors of probes, which reach the observer too. */
  async #explaining(probe: Promise<void>): Promise<void> {
    try {
      await probe;
    } catch (error) {
      this.#lastFailure = this.#explain(error);
      throw this.#lastFailure;
    }
  }
}

/** Returns a function that makes errors safe to show, and names the remedy where there is one. */
function explainer({ client, url }: CacheSettings): (error: unknown) => unknown {
  const redact = redactor(client === undefined ? secretsOf(url) : []);
  if (client !== undefined && isCluster(client)) return redact;
  return (error) => withClusterRemedy(redact(error));
}
