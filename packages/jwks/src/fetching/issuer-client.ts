import { causesOf, notify, printable } from "@attest/core/internal";
import {
  abortable,
  CircuitBreaker,
  CircuitState,
  isCircuitOpenError,
  isRetryError,
  type RetryAnnouncement,
  RetryError,
  retry,
} from "@attest/resilience";
import type { KeySetLoader, LoadedKeySet } from "./cached-key-set.js";
import type { KeySetEvent } from "./events.js";
import { fetchJson } from "./fetch-json.js";
import { FetcherClosedError } from "./fetcher-closed-error.js";
import type { FetchCounters } from "./fetcher-metrics.js";
import type { FetcherSettings } from "./fetcher-options.js";
import { freshnessSeconds } from "./freshness.js";
import { keySetUrl } from "./jwks-url.js";
import { type KeySet, readKeySet } from "./key-set.js";
import { KeySetRefusedError } from "./key-set-refused-error.js";
import { keyUnavailable } from "./key-unavailable.js";
import type { RequestPool } from "./request-pool.js";
import { UnexpectedStatusError } from "./unexpected-status-error.js";

interface Answer {
  readonly keySet: KeySet;
  readonly headers: Headers;
}

/** Fetches one issuer's key set: attempts, waits and all within one deadline, and none while its circuit is open. */
export class IssuerClient implements KeySetLoader {
  readonly #issuer: string;
  readonly #settings: FetcherSettings;
  readonly #pool: RequestPool;
  readonly #counters: FetchCounters;
  readonly #breaker: CircuitBreaker;
  readonly #running = new Set<AbortController>();
  #latest: KeySet | undefined;
  #isClosed = false;

  constructor(issuer: string, settings: FetcherSettings, pool: RequestPool, counters: FetchCounters) {
    this.#issuer = issuer;
    this.#settings = settings;
    this.#pool = pool;
    this.#counters = counters;
    const { circuitBreaker } = settings;
    this.#breaker = new CircuitBreaker({
      ...circuitBreaker,
      name: issuer,
      onStateChange: (change) => {
        if (this.#isClosed) return;
        const { from, to } = change;
        this.#report({ type: "circuit_state_changed", name: printable(issuer), from, to });
        circuitBreaker.onStateChange?.(change);
      },
    });
  }

  get isCircuitOpen(): boolean {
    return this.#breaker.state === CircuitState.OPEN;
  }

  /** @throws {AttestationError} 1010; its `cause` says why. */
  async load(): Promise<LoadedKeySet> {
    const startedAt = performance.now();
    const about = () => ({
      issuer: printable(this.#issuer),
      durationSeconds: (performance.now() - startedAt) / 1000,
    });
    try {
      const { keySet, headers } = await this.#fetch();
      const { keys, skipped } = keySet;
      this.#counters.fetchSuccess++;
      this.#report({ type: "key_set_fetched", ...about(), usableKeys: keys.size, skippedKeys: skipped });
      return { keySet, freshSeconds: this.#freshSeconds(headers) };
    } catch (cause) {
      const error = keyUnavailable(this.#issuer, cause);
      if (isCircuitOpenError(cause)) {
        this.#counters.circuitBreakerRejections++;
      } else {
        this.#counters.fetchFailures++;
        this.#report({ type: "key_set_fetch_failed", ...about(), cause: causesOf(error) });
      }
      throw error;
    }
  }

  /** Ends what is under way, and its circuit breaker. */
  close(): void {
    this.#isClosed = true;
    this.#breaker.close();
    for (const controller of this.#running) controller.abort(new FetcherClosedError());
  }

  #freshSeconds(headers: Headers): number {
    const { cacheTtlSeconds, unknownKeyCooldownSeconds } = this.#settings;
    const allowed = freshnessSeconds(headers) ?? cacheTtlSeconds;
    return Math.min(cacheTtlSeconds, Math.max(allowed, unknownKeyCooldownSeconds));
  }

  async #fetch(): Promise<Answer> {
    const { requestTimeoutSeconds, retry: retryConfig } = this.#settings;
    const url = keySetUrl(this.#issuer, this.#settings);
    const deadline = performance.now() + requestTimeoutSeconds * 1000;
    const controller = new AbortController();
    const { signal } = controller;
    const timer = setTimeout(() => {
      controller.abort(new Error(`no complete answer within ${requestTimeoutSeconds} seconds`));
    }, requestTimeoutSeconds * 1000);
    this.#running.add(controller);
    let attempts = 0;
    try {
      return await retry(
        (attempt) => {
          attempts = attempt;
          return this.#attempt(url, signal);
        },
        retryConfig,
        {
          signal,
          shouldRetry: (error) => !this.isCircuitOpen && isPassing(error) && isInTime(error, deadline),
          onRetry: (announcement) => this.#announceRetry(announcement),
        },
      );
    } catch (error) {
      throw isPassing(error) ? new RetryError(attempts, error) : error;
    } finally {
      clearTimeout(timer);
      this.#running.delete(controller);
    }
  }

  async #attempt(url: URL, signal: AbortSignal): Promise<Answer> {
    const { clock, fetch, maxResponseBytes: maxBytes } = this.#settings;
    const request = () =>
      this.#breaker.execute(async () => {
        const answer = fetchJson(url, { fetch, maxBytes, signal, now: clock.now() });
        const { document, headers } = await abortable(answer, signal);
        this.#latest = await readKeySet(document, this.#latest);
        return { keySet: this.#latest, headers };
      });
    // What is refused does not have to queue for it.
    return this.isCircuitOpen ? request() : this.#pool.run(request, signal);
  }

  #announceRetry({ attempt, delaySeconds, error }: RetryAnnouncement): void {
    this.#counters.retries++;
    const issuer = printable(this.#issuer);
    this.#report({ type: "key_set_fetch_retried", issuer, attempt, delaySeconds, cause: causesOf(error) });
  }

  #report(event: KeySetEvent): void {
    const { observer } = this.#settings;
    if (observer !== undefined) notify(observer, event);
  }
}

/** Whether another attempt might end otherwise. */
function isPassing(error: unknown): boolean {
  if (error instanceof UnexpectedStatusError) return error.isPassing;
  const isFinal =
    error instanceof KeySetRefusedError ||
    error instanceof FetcherClosedError ||
    isCircuitOpenError(error) ||
    isRetryError(error);
  return !isFinal;
}

/** Whether the wait that the error asks for is over before the deadline. */
function isInTime(error: unknown, deadline: number): boolean {
  const asked = error instanceof UnexpectedStatusError ? (error.retryAfterSeconds ?? 0) : 0;
  return performance.now() + asked * 1000 < deadline;
}
