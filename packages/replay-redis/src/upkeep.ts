import type { AttestationObserver } from "@attest/core";
import { notify } from "@attest/core/internal";
import { type AskAgainOptions, ask, askAgain } from "./ask.js";
import { attemptToken } from "./attempt-token.js";
import type { CacheCounters } from "./cache-metrics.js";
import { claim } from "./claim.js";
import type { CacheEvent } from "./events.js";
import type { Eviction } from "./eviction.js";
import { EvictionWatch } from "./eviction-watch.js";
import { isForbidden, isWrongType } from "./failure.js";
import { idKey } from "./id-key.js";
import type { RedisClient } from "./redis-commands.js";
import type { RedisLink } from "./redis-link.js";
import type { UnwrittenIds } from "./unwritten-ids.js";
import { writeBack } from "./write-back.js";

export interface UpkeepOptions {
  readonly keyPrefix: string;
  readonly unwritten: UnwrittenIds;
  readonly again: AskAgainOptions;
  /** Whether the client is the user's own, of whatever version. */
  readonly isUsersClient: boolean;
  readonly counters: CacheCounters;
  readonly observer: AttestationObserver<CacheEvent> | undefined;
  /** Seconds since the Unix epoch. */
  readonly now: () => number;
}

/** What is done with Redis besides checks: looking whether it is there, and telling it what it missed. */
export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #evictionWatch: EvictionWatch;
  /** The key that could not be asked for. In a cluster, its server is the one to look at. */
  #suspect: string | undefined;
  #keepsClaims: boolean;

  constructor(options: UpkeepOptions) {
    this.#options = options;
    this.#evictionWatch = new EvictionWatch(options.observer);
    this.#keepsClaims = !options.isUsersClient;
  }

  get eviction(): Eviction {
    return this.#evictionWatch.eviction;
  }

  suspect(key: string): void {
    this.#suspect = key;
  }

  /** Looks at a Redis that is trusted. */
  async check(link: RedisLink): Promise<void> {
    const { again } = this.#options;
    await askAgain(link, again, (client) => this.#probe(client));
    await this.#evictionWatch.look(link, again.socketTimeoutSeconds);
  }

  /** Brings a Redis that was away up to date. */
  async recover(link: RedisLink): Promise<void> {
    const { socketTimeoutSeconds } = this.#options.again;
    await ask(link, socketTimeoutSeconds, (client) => this.#probe(client));
    if (!this.#keepsClaims) await ask(link, socketTimeoutSeconds, (client) => this.#tryClaims(client));
    await this.#evictionWatch.look(link, socketTimeoutSeconds);
    await this.tellUnwritten(link);
    this.#suspect = undefined;
  }

  /** Tells Redis of every id that was accepted without it. */
  async tellUnwritten(link: RedisLink): Promise<void> {
    const { unwritten, counters, observer, now, again } = this.#options;
    if (unwritten.size === 0) return;
    const { written, conflicts } = await writeBack(link, unwritten, {
      now,
      timeoutSeconds: again.socketTimeoutSeconds,
    });
    counters.replaysDetected += conflicts;
    if (observer !== undefined) notify(observer, { type: "cache_written_back", written, conflicts });
  }

  /**
   * Whether a claim that is made twice stays the first one's. A client that does not know the options of `SET`, as
   * node-redis 4, would send the command without them, and every replay would pass for new.
   */
  async #tryClaims(client: RedisClient): Promise<void> {
    const { keyPrefix, now } = this.#options;
    // Longer than a key of an id, so that it counts for none.
    const key = `${idKey(keyPrefix, attemptToken())}:try`;
    const [first, second] = [attemptToken(), attemptToken()];
    const expiresAt = now() + 1;
    const answers = [];
    for (const token of [first, second, first])
      answers.push(await claim(client, { key, token, expiresAt }, now()));
    if (String(answers) !== String([true, false, true])) {
      throw new Error("the client does not keep claims (SET with NX, GET and PX): use node-redis 5 or newer");
    }
    this.#keepsClaims = true;
  }

  /**
   * Does nothing, by a command that changes nothing and yet is refused wherever `SET` is: by a replica, by a full
   * or moved server, by one that cannot save.
   */
  async #probe(client: RedisClient): Promise<void> {
    const key = this.#suspect ?? idKey(this.#options.keyPrefix, attemptToken());
    try {
      await client.setRange(key, 0, "");
    } catch (error) {
      // A user who may do little else but `SET`, or a key that is taken by something else: Redis is there.
      if (!isForbidden(error) && !isWrongType(error)) throw error;
    }
  }
}
