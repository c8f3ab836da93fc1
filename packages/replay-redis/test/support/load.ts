import { randomUUID } from "node:crypto";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import { isAttestationError, type ReplayCache } from "@attest/core";

const LIFE_SECONDS = 300;

/** Observations of a load. */
export interface LoadReport {
  /** Checks made, of ids that were new and of ids that had been accepted. */
  readonly checks: number;
  readonly accepted: number;
  /** New ids that were refused as replays. */
  readonly falseReplays: number;
  /** Checks of new ids that could not be decided, 1011. */
  readonly undecided: number;
  /** Checks of ids that this server had accepted before: the attacks. */
  readonly replays: number;
  /** How many of those were accepted: must be none. */
  readonly acceptedTwice: number;
  /** The longest time that a check took, in seconds. */
  readonly longestSeconds: number;
  /** The longest time in which this process stood still, in seconds: on a busy machine checks take as much longer. */
  readonly longestStallSeconds: number;
  /** The longest time in which no new id was accepted, in seconds. */
  readonly longestGapSeconds: number;
  /** Errors of checks, other than 1011. There must be none. */
  readonly otherErrors: readonly unknown[];
}

/**
 * Steady checks at one server until stopped: new ids, each twice at once, and along with every one an id that was
 * accepted earlier. At the end every id that was accepted is tried once more.
 */
export class Load {
  readonly #cache: ReplayCache;
  readonly #accepted: string[] = [];
  readonly #under: Set<Promise<void>> = new Set();
  readonly #otherErrors: unknown[] = [];
  readonly #exp = Date.now() / 1000 + LIFE_SECONDS;
  readonly #stalls = monitorEventLoopDelay({ resolution: 10 });
  readonly #running: Promise<void>;
  #isStopped = false;
  #checks = 0;
  #falseReplays = 0;
  #undecided = 0;
  #replays = 0;
  #acceptedTwice = 0;
  #longest = 0;
  #longestGap = 0;
  #lastAccepted = performance.now();

  /** @param perSecond new ids each second; twice as many checks again are replays */
  constructor(cache: ReplayCache, { perSecond = 400 }: { readonly perSecond?: number } = {}) {
    this.#cache = cache;
    this.#stalls.enable();
    this.#running = this.#run(perSecond / 100);
  }

  /** Ids that were accepted so far. */
  get accepted(): readonly string[] {
    return this.#accepted;
  }

  async stop(): Promise<LoadReport> {
    this.#isStopped = true;
    await this.#running;
    await Promise.all(this.#under);
    for (const id of this.#accepted) await this.#replay(id);
    return {
      checks: this.#checks,
      accepted: this.#accepted.length,
      falseReplays: this.#falseReplays,
      undecided: this.#undecided,
      replays: this.#replays,
      acceptedTwice: this.#acceptedTwice,
      longestSeconds: Number(this.#longest.toFixed(2)),
      longestStallSeconds: Number((this.#stalls.max / 1e9).toFixed(2)),
      longestGapSeconds: Number(this.#longestGap.toFixed(2)),
      otherErrors: this.#otherErrors,
    };
  }

  async #run(perTick: number): Promise<void> {
    while (!this.#isStopped) {
      for (let count = 0; count < perTick; count++) {
        this.#track(this.#present(randomUUID()));
        const old = this.#accepted[Math.floor(Math.random() * this.#accepted.length)];
        if (old !== undefined) this.#track(this.#replay(old));
      }
      await setTimeout(10);
    }
  }

  #track(work: Promise<void>): void {
    this.#under.add(work);
    void work.finally(() => this.#under.delete(work));
  }

  /** A new id, presented twice at once: exactly one may win. */
  async #present(id: string): Promise<void> {
    const answers = await Promise.all([this.#check(id), this.#check(id)]);
    const wins = answers.filter((answer) => answer === true).length;
    if (wins === 2) this.#acceptedTwice += 1;
    if (wins > 0) {
      this.#accepted.push(id);
      const now = performance.now();
      this.#longestGap = Math.max(this.#longestGap, (now - this.#lastAccepted) / 1000);
      this.#lastAccepted = now;
    } else if (answers.includes(undefined)) this.#undecided += 1;
    else this.#falseReplays += 1;
  }

  async #replay(id: string): Promise<void> {
    this.#replays += 1;
    if ((await this.#check(id)) === true) this.#acceptedTwice += 1;
  }

  async #check(id: string): Promise<boolean | undefined> {
    this.#checks += 1;
    const startedAt = performance.now();
    try {
      return await this.#cache.checkAndAdd(id, this.#exp);
    } catch (error) {
      if (!isAttestationError(error) || error.code !== 1011) this.#otherErrors.push(error);
      return undefined;
    } finally {
      this.#longest = Math.max(this.#longest, (performance.now() - startedAt) / 1000);
    }
  }
}
