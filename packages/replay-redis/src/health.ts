import type { AttestationObserver } from "@attest/core";
import { causesOf, notify } from "@attest/core/internal";
import type { CacheCounters } from "./cache-metrics.js";
import { CacheState } from "./cache-state.js";
import type { CacheEvent } from "./events.js";
import { isReply } from "./failure.js";

export interface HealthOptions {
  readonly fallbackEnabled: boolean;
  readonly retryDelaySeconds: number;
  readonly healthCheckIntervalSeconds: number;
  readonly counters: CacheCounters;
  readonly observer: AttestationObserver<CacheEvent> | undefined;
  /** Whether nothing is left to be done before Redis is trusted. */
  readonly isRecovered: () => boolean;
}

/** The ways to look at Redis; each rejects when it cannot be used. */
export interface Looks {
  /** Waits for the way to it. */
  readonly ready: () => Promise<void>;
  /** Looks whether it, which was trusted until now, still can be. */
  readonly check: () => Promise<void>;
  /** Does what has to be done before it is trusted again. */
  readonly recover: () => Promise<void>;
}

/**
 * Whether Redis is trusted. Once it fails it is not, until `recover` has gone through; it is looked at again and
 * again, on a timer of its own, so that checks need not find out.
 */
export class Health {
  readonly #options: HealthOptions;
  #state: CacheState = CacheState.UNHEALTHY;
  #isConnected = false;
  #wasHealthy = false;
  #looks: Looks | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(options: HealthOptions) {
    this.#options = options;
  }

  get state(): CacheState {
    return this.#state;
  }

  /** Whether Redis is trusted. */
  get isHealthy(): boolean {
    return this.#state === CacheState.HEALTHY;
  }

  /** Whether Redis answered the last time it was heard of. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Looks for the first time, and from then on by itself. */
  async start(looks: Looks): Promise<void> {
    this.#looks = looks;
    try {
      await looks.ready();
    } catch (error) {
      this.fail(error);
      this.#schedule();
      return;
    }
    await this.#look(looks);
  }

  /** No more looking; nothing can be decided any more. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#isConnected = false;
    this.#change(CacheState.UNHEALTHY, "the cache was closed");
  }

  /** Redis failed, and is not trusted from now on. */
  fail(error: unknown): void {
    this.#isConnected = isReply(error);
    if (this.#isStopped) return;
    const { fallbackEnabled, counters } = this.#options;
    const to = fallbackEnabled ? CacheState.DEGRADED : CacheState.UNHEALTHY;
    if (fallbackEnabled && this.#state !== to) counters.fallbackActivations += 1;
    const wasHealthy = this.isHealthy;
    this.#change(to, fallbackEnabled ? "this server decides by itself" : "every check is refused", error);
    if (wasHealthy) this.#schedule();
  }

  async #look({ check, recover }: Looks): Promise<void> {
    const { isRecovered, counters } = this.#options;
    try {
      if (this.isHealthy) await check();
      else {
        await recover();
        // Nothing may come between this question and the change of state.
        if (this.#isStopped || !isRecovered()) return;
        if (this.#wasHealthy) counters.reconnections += 1;
        this.#wasHealthy = true;
        this.#change(CacheState.HEALTHY, "Redis decides");
      }
      this.#isConnected = !this.#isStopped;
    } catch (error) {
      this.fail(error);
    } finally {
      this.#schedule();
    }
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const looks = this.#looks;
    if (this.#isStopped || looks === undefined) return;
    const { retryDelaySeconds, healthCheckIntervalSeconds } = this.#options;
    const seconds = this.isHealthy ? healthCheckIntervalSeconds : retryDelaySeconds;
    this.#timer = setTimeout(() => void this.#look(looks), seconds * 1000);
    // Looking alone is no reason for the process to stay.
    this.#timer.unref();
  }

  #change(to: CacheState, detail: string, cause?: unknown): void {
    const from = this.#state;
    if (from === to) return;
    this.#state = to;
    const { observer } = this.#options;
    if (observer !== undefined) {
      const causes = cause === undefined ? {} : { cause: causesOf(cause) };
      notify(observer, { type: "cache_state_changed", from, to, detail, ...causes });
    }
  }
}
