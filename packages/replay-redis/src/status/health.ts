import type { AttestationObserver } from "@attest/core";
import { causesOf, notify } from "@attest/core/internal";
import { isReply } from "../errors/redis-replies.js";
import type { CacheEvent } from "../events.js";
import { type CacheCounters, CacheState } from "./health-status.js";

/** The settings of a {@link Health}. */
export interface HealthOptions {
  readonly fallbackEnabled: boolean;
  readonly retryDelaySeconds: number;
  readonly healthCheckIntervalSeconds: number;
  readonly counters: CacheCounters;
  readonly observer: AttestationObserver<CacheEvent> | undefined;
  /** Whether Redis has been told everything, so that it may be trusted. */
  readonly isRecovered: () => boolean;
}

/** The ways to probe Redis. Each rejects when Redis cannot be used. */
export interface Probe {
  /** Waits for a connection. */
  readonly ready: () => Promise<void>;
  /** Probes a Redis that is trusted. */
  readonly check: () => Promise<void>;
  /** Brings a Redis that is not trusted up to date. */
  readonly recover: () => Promise<void>;
}

/**
 * Whether Redis is trusted. It is not once it fails, until `recover` has succeeded. A timer probes it again and again,
 * so that no check has to find out.
 */
export class Health {
  readonly #options: HealthOptions;
  #state: CacheState = CacheState.UNHEALTHY;
  #isConnected = false;
  #wasHealthy = false;
  #probe: Probe | undefined;
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

  /** Whether Redis answered the last time it was asked. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Probes for the first time, and from then on by its timer. */
  async start(probe: Probe): Promise<void> {
    this.#probe = probe;
    try {
      await probe.ready();
    } catch (error) {
      this.fail(error);
      this.#schedule();
      return;
    }
    await this.#run(probe);
  }

  /** Ends probing. Every check is refused from now on. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#isConnected = false;
    this.#change(CacheState.UNHEALTHY, "the cache was closed");
  }

  /** Ends the trust in Redis because of `error`. */
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

  async #run({ check, recover }: Probe): Promise<void> {
    const { isRecovered, counters } = this.#options;
    try {
      if (this.isHealthy) await check();
      else {
        await recover();
        // No await may come between this question and the change of state.
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
    const probe = this.#probe;
    if (this.#isStopped || probe === undefined) return;
    const { retryDelaySeconds, healthCheckIntervalSeconds } = this.#options;
    const seconds = this.isHealthy ? healthCheckIntervalSeconds : retryDelaySeconds;
    this.#timer = setTimeout(() => void this.#run(probe), seconds * 1000);
    // The timer alone does not keep the process alive.
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
    } else if (to === CacheState.DEGRADED) warn(detail, cause);
  }
}

/** Tells of a Redis that is away where nobody watches: a server that decides by itself takes what another has seen. */
function warn(detail: string, cause: unknown): void {
  const [reason = "no reason is known"] = causesOf(cause);
  process.emitWarning(`RedisReplayCache: Redis is unavailable, and ${detail} (${reason})`, {
    code: "ATTEST_NO_REDIS",
  });
}
