import type { AttestationObserver } from "@attest/core";
import { notify } from "@attest/core/internal";
import { isCluster, type RedisClient } from "../connection/redis-client.js";
import type { RedisLink } from "../connection/redis-link.js";
import { type RetryOptions, send, sendWithRetries } from "../connection/send.js";
import { isForbidden, isWrongType } from "../errors/redis-replies.js";
import type { CacheEvent } from "../events.js";
import { type Eviction, EvictionProbe } from "../status/eviction.js";
import type { CacheCounters } from "../status/health-status.js";
import { attemptToken, claim } from "./claim.js";
import { idKey } from "./id-key.js";
import type { PendingClaims } from "./pending-claims.js";

/** Keys that are tried at a recovery: one node of a cluster, without the rest, hardly holds all of them. */
const PROBED_KEYS = 8;

/** The settings of a {@link Recovery}. */
export interface RecoveryOptions {
  readonly keyPrefix: string;
  readonly pending: PendingClaims;
  readonly retry: RetryOptions;
  /** Whether the client is the user's own, of any version. */
  readonly isUsersClient: boolean;
  readonly counters: CacheCounters;
  readonly observer: AttestationObserver<CacheEvent> | undefined;
  /** Returns seconds since the Unix epoch. */
  readonly now: () => number;
}

/** Commands besides checks: they probe Redis, and bring it up to date before it is trusted. */
export class Recovery {
  readonly #options: RecoveryOptions;
  readonly #evictionProbe: EvictionProbe;
  /** The key of the last check that failed. In a cluster, its server is the one to probe. */
  #suspect: string | undefined;
  #keepsClaims: boolean;

  constructor(options: RecoveryOptions) {
    this.#options = options;
    this.#evictionProbe = new EvictionProbe(options.observer);
    this.#keepsClaims = !options.isUsersClient;
  }

  get eviction(): Eviction {
    return this.#evictionProbe.eviction;
  }

  /** Remembers the key of a check that failed. */
  suspect(key: string): void {
    this.#suspect = key;
  }

  /** Probes a Redis that is trusted. */
  async probe(link: RedisLink): Promise<void> {
    const { retry } = this.#options;
    await sendWithRetries(link, retry, (client) => this.#probeKey(client));
    await this.#evictionProbe.run(link, retry.socketTimeoutSeconds);
  }

  /** Brings a Redis that was away up to date. */
  async recover(link: RedisLink): Promise<void> {
    const { socketTimeoutSeconds } = this.#options.retry;
    await send(link, socketTimeoutSeconds, (client) => this.#probeKeys(client));
    if (!this.#keepsClaims) await send(link, socketTimeoutSeconds, (client) => this.#tryClaims(client));
    await this.#evictionProbe.run(link, socketTimeoutSeconds);
    await this.writePending(link);
    this.#suspect = undefined;
  }

  /** Writes every id to Redis that was accepted without it. */
  async writePending(link: RedisLink): Promise<void> {
    const { pending, counters, observer, now, retry } = this.#options;
    if (pending.size === 0) return;
    const { written, conflicts } = await pending.writeTo(link, retry.socketTimeoutSeconds, now);
    counters.replaysDetected += conflicts;
    if (observer !== undefined) notify(observer, { type: "cache_written_back", written, conflicts });
  }

  /**
   * Rejects a client under which a claim made twice does not stay the first one's. A client that does not know the
   * options of `SET`, such as node-redis 4, would send the command without them, and every replay would pass for new.
   */
  async #tryClaims(client: RedisClient): Promise<void> {
    const { keyPrefix, now } = this.#options;
    // Longer than the key of an id, so that it counts for none.
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

  async #probeKeys(client: RedisClient): Promise<void> {
    // The client of a cluster knows which node holds which key.
    const others = isCluster(client) ? [] : Array.from({ length: PROBED_KEYS - 1 }, () => this.#randomKey());
    await Promise.all([this.#suspect ?? this.#randomKey(), ...others].map((key) => probeKey(client, key)));
  }

  #probeKey(client: RedisClient): Promise<void> {
    return probeKey(client, this.#suspect ?? this.#randomKey());
  }

  #randomKey(): string {
    return idKey(this.#options.keyPrefix, attemptToken());
  }
}

/**
 * Sends a command that changes nothing and yet is refused wherever `SET` is: by a replica, by a full or moved server,
 * by one that cannot save.
 */
async function probeKey(client: RedisClient, key: string): Promise<void> {
  try {
    await client.setRange(key, 0, "");
  } catch (error) {
    // Redis is there: its user may do little else but `SET`, or the key holds another value.
    if (!isForbidden(error) && !isWrongType(error)) throw error;
  }
}
