import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CircuitBreaker } from "../src/circuit-breaker.js";
import { isCircuitOpenError } from "../src/circuit-open-error.js";
import { CircuitState } from "../src/circuit-state.js";

const THRESHOLD = 3;
const RECOVERY = 10;
const TRIALS = 2;

/** Model of a circuit breaker, as plain as possible. Times are in whole seconds. */
class Model {
  now = 0;
  state: CircuitState = CircuitState.CLOSED;
  failures = 0;
  openedAt = 0;
  leases: number[] = [];
  running = 0;
  period = 0;

  go(state: CircuitState): void {
    if (this.state === state) return;
    this.state = state;
    this.period++;
    this.failures = 0;
    this.leases = [];
    this.running = 0;
    if (state === CircuitState.OPEN) this.openedAt = this.now;
  }

  advance(seconds: number): void {
    this.now += seconds;
    if (this.state === CircuitState.OPEN && this.now >= this.openedAt + RECOVERY)
      this.go(CircuitState.HALF_OPEN);
  }

  admits(): boolean {
    this.leases = this.leases.filter((end) => this.now < end);
    if (this.state === CircuitState.HALF_OPEN) return this.running + this.leases.length < TRIALS;
    return this.state === CircuitState.CLOSED;
  }

  report(isSuccess: boolean): void {
    if (isSuccess) {
      this.failures = 0;
      this.go(CircuitState.CLOSED);
    } else {
      this.failures++;
      if (this.state === CircuitState.HALF_OPEN || this.failures >= THRESHOLD) this.go(CircuitState.OPEN);
    }
  }
}

interface Call {
  readonly settle: (isSuccess: boolean) => void;
  readonly result: Promise<unknown>;
  readonly period: number;
}

interface Real {
  readonly breaker: CircuitBreaker;
  readonly calls: Call[];
}

type Step = fc.AsyncCommand<Model, Real>;

/** One step, with a comparison of the states after it. */
function step(name: string, run: (model: Model, real: Real) => void | Promise<void>): Step {
  return {
    check: () => true,
    toString: () => name,
    run: async (model, real) => {
      await run(model, real);
      expect(real.breaker.state).toBe(model.state);
    },
  };
}

const canExecute = step("canExecute", (model, { breaker }) => {
  const admits = model.admits();
  expect(breaker.canExecute()).toBe(admits);
  if (admits && model.state === CircuitState.HALF_OPEN) model.leases.push(model.now + RECOVERY);
});

const record = (isSuccess: boolean): Step =>
  step(isSuccess ? "recordSuccess" : "recordFailure", (model, { breaker }) => {
    if (isSuccess) breaker.recordSuccess();
    else breaker.recordFailure();
    const isHeard =
      model.state === CircuitState.CLOSED ||
      (model.state === CircuitState.HALF_OPEN && model.leases.length > 0);
    if (isHeard) model.report(isSuccess);
  });

const start = step("execute", async (model, { breaker, calls }) => {
  let settle: Call["settle"] | undefined;
  const result = breaker
    .execute(
      () =>
        new Promise<void>((resolve, reject) => {
          settle = (isSuccess) => (isSuccess ? resolve() : reject(new Error("failed")));
        }),
    )
    .catch((error: unknown) => error);
  const admits = model.admits();
  if (settle !== undefined) {
    expect(admits).toBe(true);
    calls.push({ settle, result, period: model.period });
    if (model.state === CircuitState.HALF_OPEN) model.running++;
  } else {
    expect(admits).toBe(false);
    expect(isCircuitOpenError(await result)).toBe(true);
  }
});

const settle = (which: number, isSuccess: boolean): Step =>
  step(`settle(${which}, ${isSuccess})`, async (model, { calls }) => {
    const [call] = calls.splice(which % Math.max(1, calls.length), 1);
    if (call === undefined) return;
    call.settle(isSuccess);
    await call.result;
    if (call.period === model.period) model.report(isSuccess);
  });

const advance = (seconds: number): Step =>
  step(`advance(${seconds})`, (model) => {
    vi.advanceTimersByTime(seconds * 1000);
    model.advance(seconds);
  });

const reset = step("reset", (model, { breaker }) => {
  breaker.reset();
  model.failures = 0;
  model.go(CircuitState.CLOSED);
});

describe("CircuitBreaker", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("behaves as its model does, after any calls in any order", async () => {
    const steps = fc.commands(
      [
        fc.constant(canExecute),
        fc.constant(start),
        fc.constant(reset),
        fc.boolean().map(record),
        fc.constant(record(false)),
        fc.tuple(fc.nat(5), fc.boolean()).map(([which, isSuccess]) => settle(which, isSuccess)),
        fc.integer({ min: 1, max: RECOVERY + 1 }).map(advance),
      ],
      { size: "+1" },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (commands) => {
        const breaker = new CircuitBreaker({
          failureThreshold: THRESHOLD,
          recoveryTimeoutSeconds: RECOVERY,
          halfOpenMaxCalls: TRIALS,
        });
        const setup = () => ({ model: new Model(), real: { breaker, calls: [] } });
        try {
          await fc.asyncModelRun(setup, commands);
        } finally {
          breaker.close();
        }
      }),
      { numRuns: 300 },
    );
  });
});
