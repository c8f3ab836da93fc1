import { EventEmitter } from "node:events";
import Opossum from "opossum";
import { CircuitState } from "./circuit-state.js";
import { monotonicSeconds } from "./trial-calls.js";

/** Option of opossum that its types do not have. */
const BORN_HALF_OPEN = { state: { closed: false, halfOpen: true } };

/**
 * Three states and the timer between two of them, held by opossum. Its statistics stay unused: opossum would open on a rate
 * of failures, and its half-open state knows one trial call only.
 */
export class CircuitSwitch {
  readonly #recoveryTimeoutSeconds: number;
  readonly #onChange: (to: CircuitState) => void;
  #opossum: Opossum;
  #openedAt = 0;

  /** @param onChange is called with every change, including the one by the timer */
  constructor(recoveryTimeoutSeconds: number, onChange: (to: CircuitState) => void) {
    this.#recoveryTimeoutSeconds = recoveryTimeoutSeconds;
    this.#onChange = onChange;
    this.#opossum = this.#create();
  }

  get state(): CircuitState {
    if (this.#opossum.closed) return CircuitState.CLOSED;
    if (this.#opossum.halfOpen) return CircuitState.HALF_OPEN;
    const isOverdue = monotonicSeconds() - this.#openedAt >= this.#recoveryTimeoutSeconds;
    if (!isOverdue || this.isShutdown) return CircuitState.OPEN;
    this.#halfOpen();
    return CircuitState.HALF_OPEN;
  }

  /** Opens it; after the recovery time it half-opens by itself. Does nothing when it is open. */
  open(): void {
    this.#opossum.open();
  }

  /** Closes it, whatever its state. */
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

  /** Does what the timer would have done, had it not been lost. Opossum can be made half-open, and not be told to become it. */
  #halfOpen(): void {
    this.#opossum.shutdown();
    this.#opossum = this.#create(BORN_HALF_OPEN);
    this.#onChange(CircuitState.HALF_OPEN);
  }

  #create(options: object = {}): Opossum {
    const opossum = new Opossum(async () => undefined, {
      ...options,
      timeout: false,
      resetTimeout: this.#recoveryTimeoutSeconds * 1000,
      enableSnapshots: false,
      rollingPercentilesEnabled: false,
      // Never emits, and stands in for an interval that would move unused statistics along.
      rotateBucketController: new EventEmitter(),
    });
    opossum.on("open", () => {
      this.#openedAt = monotonicSeconds();
      this.#onChange(CircuitState.OPEN);
    });
    opossum.on("halfOpen", () => this.#onChange(CircuitState.HALF_OPEN));
    opossum.on("close", () => this.#onChange(CircuitState.CLOSED));
    return opossum;
  }
}
