export { abortable } from "./abortable.js";
export { CircuitBreaker } from "./circuit-breaker.js";
export {
  type CircuitBreakerConfig,
  type CircuitBreakerSettings,
  readCircuitBreakerConfig,
} from "./circuit-breaker-config.js";
export { CircuitOpenError, isCircuitOpenError } from "./circuit-open-error.js";
export { CircuitState, type CircuitStateChange } from "./circuit-state.js";
export { type RetryAnnouncement, type RetryOptions, retry } from "./retry.js";
export { type RetryConfig, type RetrySettings, readRetryConfig } from "./retry-config.js";
export { isRetryError, RetryError } from "./retry-error.js";
