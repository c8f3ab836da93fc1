import { EventEmitter } from "node:events";
import Opossum from "opossum";
import { CircuitState } from "./circuit-state.js";

/**
 * The three states and the timer between two of them, held by opossum. Its statistics stay unused: it would open
 * on a rate of failures, and its half-open state knows one trial call only.
 */
export class CircuitSwitch {
  readonly #opossum: Opossum;

  /** @param onChange is told of every change, the one by the timer included */
  constructor(recoveryTimeoutSeconds: number, onChange: (to: CircuitState) => void) {
    this.#opossum = new Opossum(async () => undefined, {
      timeout: false,
      resetTimeout: recoveryTimeoutSeconds * 1000,
      enableSnapshots: false,
      rollingPercentilesEnabled: false,
      // Never emits, and stands in for an interval that would move statistics along which nobody reads.
      rotateBucketController: new EventEmitter(),
    });
    this.#opossum.on("open", () => onChange(CircuitState.OPEN));
    this.#opossum.on("halfOpen", () => onChange(CircuitState.HALF_OPEN));
    this.#opossum.on("close", () => onChange(CircuitState.CLOSED));
  }

  get state(): CircuitState {
    if (this.#opossum.closed) return CircuitState.CLOSED;
    return this.#opossum.halfOpen ? CircuitState.HALF_OPEN : CircuitState.OPEN;
  }

  /** Opens it; after the recovery time it half-opens by itself. Does nothing when it is open. */
  open(): void {
    this.#opossum.open();
  }

  close(): void {
    this.#opossum.close();
  }

  /** Drops the timer and leaves it open for good. */
  shutdown(): void {
    this.#opossum.shutdown();
  }

  get isShutdown(): boolean {
    return this.#opossum.isShutdown;
  }
}
