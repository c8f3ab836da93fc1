import { isAttestationError } from "@attest/core";
import { withDeadline } from "@attest/core/internal";
import { type AskAgainOptions, askAgain } from "./ask.js";
import type { CacheCounters } from "./cache-metrics.js";
import { claim } from "./claim.js";
import { CommandTimeoutError } from "./command-timeout-error.js";
import type { Eviction } from "./eviction.js";
import { Health } from "./health.js";
import { openLink } from "./open-link.js";
import type { CacheSettings } from "./options.js";
import { type Redact, redactor, secretsOf } from "./redaction.js";
import type { RedisClient } from "./redis-commands.js";
import type { RedisLink } from "./redis-link.js";
import { cannotTell, unavailable } from "./unavailable.js";
import { type Claim, UnwrittenIds } from "./unwritten-ids.js";
import { Upkeep } from "./upkeep.js";

/** More than this at once are refused, 1011: what waits has to have a bound. */
const MOST_UNDER_WAY = 65_536;

/** The ids in Redis, as far as it can be used, and what it has yet to be told. */
export class RedisStore {
  readonly health: Health;
  readonly #settings: CacheSettings;
  readonly #counters: CacheCounters;
  readonly #redact: Redact;
  readonly #again: AskAgainOptions;
  readonly #unwritten = new UnwrittenIds();
  readonly #upkeep: Upkeep;
  #opening: Promise<RedisLink> | undefined;
  /** Set once Redis has been looked at. */
  #link: RedisLink | undefined;
  #lastFailure: unknown;
  #underWay = 0;
  #isClosed = false;

  constructor(settings: CacheSettings, counters: CacheCounters) {
    const { keyPrefix, client, clock, observer } = settings;
    this.#settings = settings;
    this.#counters = counters;
    this.#redact = redactor(client === undefined ? secretsOf(settings.url) : []);
    this.health = new Health({
      ...settings,
      observer,
      counters,
      isRecovered: () => this.#unwritten.size === 0,
    });
    this.#again = {
      ...settings,
      goOn: () => this.health.isHealthy,
      onRetry: () => {
        counters.redisErrors += 1;
      },
    };
    this.#upkeep = new Upkeep({
      keyPrefix,
      unwritten: this.#unwritten,
      again: this.#again,
      isUsersClient: client !== undefined,
      counters,
      observer,
      now: () => clock.now(),
    });
  }

  get eviction(): Eviction {
    return this.#upkeep.eviction;
  }

  get unwrittenIds(): number {
    return this.#unwritten.size;
  }

  /** Why Redis cannot be used now. */
  get lastFailure(): unknown {
    return this.#lastFailure;
  }

  /**
   * Opens the way to Redis, once, and looks whether it can be used; that it cannot is no error here.
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
   * Whether this attempt is the one that may use the id. While Redis cannot tell and there is a fall-back, it is,
   * as far as Redis is concerned, and Redis is told later.
   *
   * @throws {AttestationError} 1011 when Redis cannot tell and there is no fall-back.
   */
  async claim(wanted: Claim): Promise<boolean> {
    const { clock, fallbackEnabled } = this.#settings;
    try {
      return await this.ask((client) => claim(client, wanted, clock.now()), wanted.key);
    } catch (cause) {
      if (isAttestationError(cause)) throw cause;
      if (this.#isClosed || !fallbackEnabled || this.#link === undefined) throw cannotTell(cause);
      this.#unwritten.add(wanted, clock.now());
      // It may be trusted again by now, without having been told of this one.
      if (this.health.isHealthy) this.health.fail(cause);
      return true;
    }
  }

  /** Takes back what `claim` meant to tell Redis later. */
  withdraw(unwanted: Claim): void {
    this.#unwritten.delete(unwanted);
  }

  /** Forgets what Redis has not been told. */
  forgetUnwritten(): void {
    this.#unwritten.clear();
  }

  /** Asks a Redis that is trusted; when that fails, it no longer is. @throws what it failed with, now or before. */
  ask<T>(command: (client: RedisClient) => Promise<T>, key: string): Promise<T> {
    return this.#trusting((link) => askAgain(link, this.#again, command), key);
  }

  /** Goes through Redis's keys with `visit`; each of its steps may take a command's time. */
  walk<T>(visit: (link: RedisLink, timeoutSeconds: number) => Promise<T>): Promise<T> {
    return this.#trusting((link) => visit(link, this.#settings.socketTimeoutSeconds));
  }

  /** Tries once more to tell Redis what it has not been told, then ends what was opened here. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.health.stop();
    const link = await this.#opening?.catch(() => undefined);
    if (link === undefined) return;
    const { socketTimeoutSeconds: seconds } = this.#settings;
    await withDeadline(
      this.#upkeep.tellUnwritten(link),
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
      ready: () => this.#looking(link.ready()),
      check: () => this.#looking(this.#upkeep.check(link)),
      recover: () => this.#looking(this.#upkeep.recover(link)),
    });
    this.#link = link;
    return link;
  }

  async #trusting<T>(use: (link: RedisLink) => Promise<T>, key?: string): Promise<T> {
    const link = this.#link ?? (await this.open());
    if (!this.health.isHealthy) throw this.#lastFailure;
    // Says nothing of Redis, so it neither costs it its trust nor opens the fall-back.
    if (this.#underWay >= MOST_UNDER_WAY) throw unavailable("too many commands are under way");
    this.#underWay += 1;
    try {
      return await use(link);
    } catch (error) {
      this.#counters.redisErrors += 1;
      if (key !== undefined) this.#upkeep.suspect(key);
      this.#lastFailure = this.#redact(error);
      this.health.fail(this.#lastFailure);
      throw this.#lastFailure;
    } finally {
      this.#underWay -= 1;
    }
  }

  /** What the timer does with Redis; its errors, too, are made safe to show. */
  async #looking(look: Promise<void>): Promise<void> {
    try {
      await look;
    } catch (error) {
      this.#lastFailure = this.#redact(error);
      throw this.#lastFailure;
    }
  }
}
