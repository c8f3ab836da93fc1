import { causesOf, notify, printable } from "@attest/core/internal";
import {
  abortable,
  CircuitBreaker,
  CircuitOpenError,
  CircuitState,
  type RetryAnnouncement,
  RetryError,
  retry,
} from "@attest/resilience";
import { FetcherClosedError, KeySetRefusedError, UnexpectedStatusError } from "../errors/fetch-errors.js";
import type { KeySetEvent } from "../events.js";
import { fetchJson } from "../outbound/fetch-json.js";
import type { RequestPool } from "../outbound/request-pool.js";
import { freshnessSeconds } from "../outbound/response-headers.js";
import type { KeySetLoader } from "./cached-key-set.js";
import type { FetcherSettings } from "./fetcher-options.js";
import type { FetchCounters } from "./fetcher-status.js";
import type { LoadedKeySet } from "./kept-key-set.js";
import type { RemoteAnswer, RemoteKeys, RemoteSource } from "./remote-source.js";

/** Parts that the clients of one fetcher share. */
export interface SharedByClients {
  readonly pool: RequestPool;
  readonly counters: FetchCounters;
  /** Fetches that are under way, so that they can be ended. */
  readonly running: Set<AbortController>;
}

/** Fetches one issuer's key set: attempts and waits within one deadline, and no fetch while its circuit is open. */
export class IssuerClient<Keys extends RemoteKeys<unknown>> implements KeySetLoader<Keys> {
  readonly #issuer: string;
  readonly #source: RemoteSource<Keys>;
  readonly #settings: FetcherSettings;
  readonly #shared: SharedByClients;
  readonly #breaker: CircuitBreaker;
  #isClosed = false;

  constructor(
    issuer: string,
    source: RemoteSource<Keys>,
    settings: FetcherSettings,
    shared: SharedByClients,
  ) {
    this.#issuer = issuer;
    this.#source = source;
    this.#settings = settings;
    this.#shared = shared;
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

  /** State of the issuer's circuit breaker. */
  get circuit(): CircuitState {
    return this.#breaker.state;
  }

  get isCircuitOpen(): boolean {
    return this.circuit === CircuitState.OPEN;
  }

  /** @throws {Error} saying why there is no key set: one of those that `JWKSFetcher.getJwks` names. */
  async load(): Promise<LoadedKeySet<Keys>> {
    const { counters } = this.#shared;
    const startedAt = performance.now();
    const about = () => ({
      issuer: printable(this.#issuer),
      durationSeconds: (performance.now() - startedAt) / 1000,
    });
    try {
      const { keySet, headers } = await this.#fetch();
      const { keys, skipped } = keySet;
      counters.fetchSuccess++;
      this.#report({ type: "key_set_fetched", ...about(), usableKeys: keys.size, skippedKeys: skipped });
      return { keySet, freshSeconds: this.#freshSeconds(headers) };
    } catch (error) {
      if (error instanceof CircuitOpenError) {
        counters.circuitBreakerRejections++;
      } else {
        counters.fetchFailures++;
        this.#report({ type: "key_set_fetch_failed", ...about(), cause: causesOf(error) });
      }
      throw error;
    }
  }

  /** Frees the circuit of a fetch that died without a word. A dead trial would keep its place for ever. */
  abandon(): void {
    if (this.circuit === CircuitState.HALF_OPEN) this.#breaker.reset();
  }

  /** Ends the circuit breaker, and no event of it is reported any more. A fetch under way may end by itself. */
  close(): void {
    this.#isClosed = true;
    this.#breaker.close();
  }

  #freshSeconds(headers: Headers): number {
    const { cacheTtlSeconds, unknownKeyCooldownSeconds } = this.#settings;
    const allowed = freshnessSeconds(headers) ?? cacheTtlSeconds;
    return Math.min(cacheTtlSeconds, Math.max(allowed, unknownKeyCooldownSeconds));
  }

  async #fetch(): Promise<RemoteAnswer<Keys>> {
    const { requestTimeoutSeconds, retry: retryConfig } = this.#settings;
    const { running } = this.#shared;
    const url = this.#source.url();
    const deadline = performance.now() + requestTimeoutSeconds * 1000;
    const controller = new AbortController();
    const { signal } = controller;
    const timer = setTimeout(() => {
      controller.abort(new Error(`no complete answer within ${requestTimeoutSeconds} seconds`));
    }, requestTimeoutSeconds * 1000);
    running.add(controller);
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
      running.delete(controller);
    }
  }

  async #attempt(url: URL, signal: AbortSignal): Promise<RemoteAnswer<Keys>> {
    const { clock, fetch, maxResponseBytes: maxBytes } = this.#settings;
    const ask = (from: URL) =>
      abortable(fetchJson(from, { fetch, maxBytes, signal, now: clock.now() }), signal);
    const request = () => this.#breaker.execute(async () => this.#source.read(await ask(url), ask));
    // A refusal by the breaker needs no place.
    return this.isCircuitOpen ? request() : this.#shared.pool.run(request, signal);
  }

  #announceRetry({ attempt, delaySeconds, error }: RetryAnnouncement): void {
    this.#shared.counters.retries++;
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
  const isFinal = [KeySetRefusedError, FetcherClosedError, CircuitOpenError, RetryError].some(
    (final) => error instanceof final,
  );
  return !isFinal;
}

/** Whether the wait that the error asks for is over before the deadline. */
function isInTime(error: unknown, deadline: number): boolean {
  const asked = error instanceof UnexpectedStatusError ? (error.retryAfterSeconds ?? 0) : 0;
  return performance.now() + asked * 1000 < deadline;
}
