import type { CircuitStateChange } from "./circuit-state.js";
import { assertNumber, assertOptions, MAX_TIMER_SECONDS } from "./options.js";

export interface CircuitBreakerConfig {
  /** Number of failures in a row that open the circuit. Default: 5. A success in between starts the count anew. */
  readonly failureThreshold?: number | undefined;
  /** How long the circuit stays open before trial calls are let through, in seconds. Default: 30 s. At most 2147483 s. */
  readonly recoveryTimeoutSeconds?: number | undefined;
  /** Number of trial calls that may be under way at once in half-open state. Default: 1. */
  readonly halfOpenMaxCalls?: number | undefined;
  /** Name that is handed to `onStateChange`, to tell breakers apart. */
  readonly name?: string | undefined;
  /** Is called with every change of state. An error that it throws is dropped. */
  readonly onStateChange?: ((change: CircuitStateChange) => void) | undefined;
}

const OPTIONS = ["failureThreshold", "recoveryTimeoutSeconds", "halfOpenMaxCalls", "name", "onStateChange"];

type WithDefault = "failureThreshold" | "recoveryTimeoutSeconds" | "halfOpenMaxCalls";

/** {@link CircuitBreakerConfig} with the defaults filled in. */
export type CircuitBreakerSettings = Omit<CircuitBreakerConfig, WithDefault> & {
  readonly [Option in WithDefault]: number;
};

/**
 * Returns the config with its defaults. Use it where a config is an option, to refuse a wrong one at once.
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
