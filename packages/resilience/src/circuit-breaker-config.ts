import { assertNumber, MAX_TIMER_SECONDS } from "./assert-number.js";
import { assertOptions } from "./assert-options.js";
import type { CircuitState } from "./circuit-state.js";

/** A circuit breaker went from one state to another. */
export interface CircuitStateChange {
  /** The breaker's, as given to it. */
  readonly name: string | undefined;
  readonly from: CircuitState;
  readonly to: CircuitState;
}

export interface CircuitBreakerConfig {
  /** After how many failures in a row the circuit opens. Default 5. A success in between starts the count anew. */
  readonly failureThreshold?: number | undefined;
  /** How long it stays open before trial calls are let through, in seconds. Default 30. At most 2147483. */
  readonly recoveryTimeoutSeconds?: number | undefined;
  /** How many trial calls may be under way at once in half-open state. Default 1. */
  readonly halfOpenMaxCalls?: number | undefined;
  /** Handed to `onStateChange`, to tell breakers apart. */
  readonly name?: string | undefined;
  /** Is told of every change of state. What it throws is dropped. */
  readonly onStateChange?: ((change: CircuitStateChange) => void) | undefined;
}

const OPTIONS = ["failureThreshold", "recoveryTimeoutSeconds", "halfOpenMaxCalls", "name", "onStateChange"];

type WithDefault = "failureThreshold" | "recoveryTimeoutSeconds" | "halfOpenMaxCalls";

/** {@link CircuitBreakerConfig} with the defaults filled in. */
export type CircuitBreakerSettings = Omit<CircuitBreakerConfig, WithDefault> & {
  readonly [Option in WithDefault]: number;
};

/**
 * The config with its defaults: for who takes one as an option, and refuses a wrong one at once.
 *
 * @throws {TypeError | RangeError} naming the option that is wrong.
 */
export function readCircuitBreakerConfig(config: CircuitBreakerConfig): CircuitBreakerSettings {
  assertOptions("CircuitBreaker", config, OPTIONS);
  const settings = {
    ...config,
    failureThreshold: config.failureThreshold ?? 5,
    recoveryTimeoutSeconds: config.recoveryTimeoutSeconds ?? 30,
    halfOpenMaxCalls: config.halfOpenMaxCalls ?? 1,
  };
  const { failureThreshold, recoveryTimeoutSeconds, halfOpenMaxCalls, onStateChange } = settings;
  assertNumber("failureThreshold", failureThreshold, { min: 1, whole: true });
  assertNumber("recoveryTimeoutSeconds", recoveryTimeoutSeconds, { min: 0.001, max: MAX_TIMER_SECONDS });
  assertNumber("halfOpenMaxCalls", halfOpenMaxCalls, { min: 1, whole: true });
  if (onStateChange !== undefined && typeof onStateChange !== "function")
    throw new TypeError(`onStateChange must be a function, got ${typeof onStateChange}`);
  return settings;
}
