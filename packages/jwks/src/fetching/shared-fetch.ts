import type { Clock } from "@attest/core";

/** Added to the time that look-ups wait for each other, so that a fetch which is alive ends by itself first. */
const GRACE_SECONDS = 0.1;

export interface SharedFetchOptions<T> {
  readonly fetch: () => Promise<T>;
  /** Time, in seconds, within which `fetch` settles, unless it is dead. */
  readonly longestSeconds: number;
  readonly clock: Clock;
  /** Is called with the result of the latest fetch. */
  readonly onSuccess: (result: T) => void;
  /** Is called with the failure of the latest fetch. */
  readonly onFailure: (error: unknown) => void;
  /** Is called when a fetch is given up, because it is dead. */
  readonly onDeath: () => void;
}

/** Fetch that is under way. */
interface Running<T> {
  readonly result: Promise<T>;
  readonly startedAt: number;
  readonly startedAtMonotonic: number;
}

/**
 * Fetch that look-ups share: one at a time, however many wait for it.
 *
 * In some runtimes (Workers) a fetch dies with the request that started it: its promise never settles, and its timers never
 * fire. So nothing here relies on them. A look-up compares clocks to tell whether the fetch may still end, waits by a timer
 * of its own, and replaces a fetch that is dead. Newer Workers tell the look-up of another request that the promise is dead:
 * they reject it, and the fetch itself has not failed.
 */
export class SharedFetch<T> {
  readonly #options: SharedFetchOptions<T>;
  #running: Running<T> | undefined;

  constructor(options: SharedFetchOptions<T>) {
    this.#options = options;
  }

  /** Whether a fetch is under way that may still end. */
  get isUnderWay(): boolean {
    const running = this.#running;
    if (running !== undefined && this.#elapsedSeconds(running) >= this.#options.longestSeconds) {
      this.#forget(running);
    }
    return this.#running !== undefined;
  }

  /** Returns the result of the fetch that is under way, or of a new one. */
  async run(): Promise<T> {
    while (this.isUnderWay && this.#running !== undefined) {
      const running = this.#running;
      const outcome = await this.#wait(running);
      if (outcome !== undefined) return outcome.value;
      this.#forget(running);
    }
    return this.#start();
  }

  #start(): Promise<T> {
    const { fetch, clock, onSuccess, onFailure } = this.#options;
    /** Whether this is the latest fetch. One that was given up must not undo what came after it. */
    const isLatest = (): boolean => this.#running === running;
    const result = fetch().then(
      (value) => {
        if (isLatest()) {
          this.#running = undefined;
          onSuccess(value);
        }
        return value;
      },
      (error: unknown) => {
        if (isLatest()) {
          this.#running = undefined;
          onFailure(error);
        }
        throw error;
      },
    );
    const running = { result, startedAt: clock.now(), startedAtMonotonic: performance.now() };
    this.#running = running;
    return result;
  }

  /** Waits for as long as the fetch may still take. Returns `undefined` when it is dead. */
  async #wait(running: Running<T>): Promise<{ readonly value: T } | undefined> {
    const seconds = this.#options.longestSeconds + GRACE_SECONDS - this.#elapsedSeconds(running);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const expiry = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), seconds * 1000);
    });
    try {
      return await Promise.race([running.result.then((value) => ({ value })), expiry]);
    } catch (error) {
      // A fetch that has failed by itself is not under way any more.
      if (this.#running === running) return undefined;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #forget(dead: Running<T>): void {
    if (this.#running !== dead) return;
    this.#running = undefined;
    this.#options.onDeath();
  }

  /** The larger of two times: a clock that was set back must not make the fetch younger. */
  #elapsedSeconds({ startedAt, startedAtMonotonic }: Running<T>): number {
    const monotonic = (performance.now() - startedAtMonotonic) / 1000;
    return Math.max(monotonic, this.#options.clock.now() - startedAt);
  }
}
