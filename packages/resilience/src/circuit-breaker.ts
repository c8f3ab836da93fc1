import {
  type CircuitBreakerConfig,
  type CircuitBreakerSettings,
  readCircuitBreakerConfig,
} from "./circuit-breaker-config.js";
import { CircuitOpenError } from "./circuit-open-error.js";
import { CircuitState } from "./circuit-state.js";
import { CircuitSwitch } from "./circuit-switch.js";
import { monotonicSeconds, TrialCalls } from "./trial-calls.js";

/**
 * Stops calls to a service that keeps failing. `failureThreshold` failures in a row open the circuit, and calls are refused
 * at once. `recoveryTimeoutSeconds` later it half-opens: exactly `halfOpenMaxCalls` trial calls at a time are let through.
 * The first trial that succeeds closes the circuit, the first that fails opens it again.
 *
 * Use {@link CircuitBreaker.execute}, or ask {@link CircuitBreaker.canExecute} and report by hand. The breaker's timer keeps
 * no process alive and runs on a clock that cannot be set. Where timers are lost (Workers end them with the request), the
 * next question about the state compares clocks.
 */
export class CircuitBreaker {
  readonly #settings: CircuitBreakerSettings;
  readonly #switch: CircuitSwitch;
  #state: CircuitState = CircuitState.CLOSED;
  #failuresInARow = 0;
  #openedAt = 0;
  #trials: TrialCalls;
  /** Counts the changes of state: a call that began before one says nothing about what came after. */
  #period = 0;

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(config: CircuitBreakerConfig = {}) {
    this.#settings = readCircuitBreakerConfig(config);
    this.#trials = this.#freshTrials();
    this.#switch = new CircuitSwitch(this.#settings.recoveryTimeoutSeconds, (to) => this.#changed(to));
  }

  /** State now. */
  get state(): CircuitState {
    return this.#switch.state;
  }

  /**
   * Whether a call may be made now. In half-open state `true` takes the place of a trial call: make the call, and report on
   * it with `recordSuccess` or `recordFailure`. Without a report the place is free again after `recoveryTimeoutSeconds`.
   */
  canExecute(): boolean {
    const { state } = this;
    return state === CircuitState.CLOSED || (state === CircuitState.HALF_OPEN && this.#trials.lease());
  }

  /** Reports the success of a call that `canExecute` let through. While the circuit is open it changes nothing. */
  recordSuccess(): void {
    if (this.#isReportExpected()) this.#succeeded();
  }

  /** Reports the failure of a call that `canExecute` let through. While the circuit is open it changes nothing. */
  recordFailure(): void {
    if (this.#isReportExpected()) this.#failed();
  }

  /**
   * Calls `fn` and returns its result. An error that it throws counts as a failure, and is thrown on. `fn` must come to an
   * end: a trial call that never ends keeps its place, so give it a deadline (see `abortable`).
   *
   * @throws {CircuitOpenError} when the call may not be made; `fn` is not called then.
   */
  async execute<T>(fn: () => T | Promise<T>): Promise<T> {
    const { state } = this;
    const isAdmitted =
      state === CircuitState.CLOSED || (state === CircuitState.HALF_OPEN && this.#trials.start());
    if (!isAdmitted) throw new CircuitOpenError(this.#secondsLeft());
    const period = this.#period;
    let value: T;
    try {
      value = await fn();
    } catch (error) {
      if (period === this.#period) this.#failed();
      throw error;
    }
    if (period === this.#period) this.#succeeded();
    return value;
  }

  /** Closes the circuit and forgets the failures, whatever the state. Does nothing after `close`. */
  reset(): void {
    if (this.#switch.isShutdown) return;
    this.#failuresInARow = 0;
    this.#switch.close();
  }

  /** Ends the breaker and its timer: the circuit is open from now on, for good. */
  close(): void {
    if (this.#switch.isShutdown) return;
    this.#switch.shutdown();
    this.#changed(CircuitState.OPEN);
  }

  #isReportExpected(): boolean {
    const { state } = this;
    return state === CircuitState.CLOSED || (state === CircuitState.HALF_OPEN && this.#trials.isAnyLeased);
  }

  #succeeded(): void {
    this.#failuresInARow = 0;
    this.#switch.close();
  }

  #failed(): void {
    this.#failuresInARow++;
    if (this.state === CircuitState.HALF_OPEN || this.#failuresInARow >= this.#settings.failureThreshold) {
      this.#switch.open();
    }
  }

  #changed(to: CircuitState): void {
    const { name, onStateChange } = this.#settings;
    const from = this.#state;
    if (from === to) return;
    this.#state = to;
    this.#period++;
    this.#failuresInARow = 0;
    this.#trials = this.#freshTrials();
    if (to === CircuitState.OPEN) this.#openedAt = monotonicSeconds();
    try {
      onStateChange?.({ name, from, to });
    } catch {
      // A listener only watches.
    }
  }

  #freshTrials(): TrialCalls {
    const { halfOpenMaxCalls, recoveryTimeoutSeconds } = this.#settings;
    return new TrialCalls(halfOpenMaxCalls, recoveryTimeoutSeconds);
  }

  #secondsLeft(): number {
    if (this.#switch.isShutdown) return Number.POSITIVE_INFINITY;
    if (this.state === CircuitState.HALF_OPEN) return 0;
    return Math.max(0, this.#openedAt + this.#settings.recoveryTimeoutSeconds - monotonicSeconds());
  }
}
