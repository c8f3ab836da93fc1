import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { CircuitBreaker } from "../src/circuit-breaker.js";
import type { CircuitBreakerConfig } from "../src/circuit-breaker-config.js";
import { CircuitOpenError, isCircuitOpenError } from "../src/circuit-open-error.js";
import { CircuitState, type CircuitStateChange } from "../src/circuit-state.js";

const fail = () => Promise.reject(new Error("down"));

function failTimes(breaker: CircuitBreaker, times: number): void {
  for (let i = 0; i < times; i++) {
    expect(breaker.canExecute()).toBe(true);
    breaker.recordFailure();
  }
}

function openBreaker(config: CircuitBreakerConfig = {}): CircuitBreaker {
  const breaker = new CircuitBreaker(config);
  failTimes(breaker, config.failureThreshold ?? 5);
  expect(breaker.state).toBe(CircuitState.OPEN);
  return breaker;
}

describe("CircuitBreaker", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("opens at five failures in a row and not at four", () => {
    const breaker = new CircuitBreaker();
    failTimes(breaker, 4);
    expect(breaker.state).toBe(CircuitState.CLOSED);
    failTimes(breaker, 1);
    expect(breaker.state).toBe(CircuitState.OPEN);
    expect(breaker.canExecute()).toBe(false);
  });

  test("counts failures in a row, whatever their rate", () => {
    const breaker = new CircuitBreaker();
    for (let i = 0; i < 100; i++) {
      failTimes(breaker, 4);
      breaker.recordSuccess();
    }
    expect(breaker.state).toBe(CircuitState.CLOSED);
    for (let i = 0; i < 10_000; i++) breaker.recordSuccess();
    failTimes(breaker, 5);
    expect(breaker.state).toBe(CircuitState.OPEN);
  });

  test("counts failures that are far apart", () => {
    const breaker = new CircuitBreaker();
    for (let i = 0; i < 5; i++) {
      vi.advanceTimersByTime(3_600_000);
      failTimes(breaker, 1);
    }
    expect(breaker.state).toBe(CircuitState.OPEN);
  });

  test("half-opens by itself after recoveryTimeoutSeconds and not a millisecond earlier", () => {
    const breaker = openBreaker();
    vi.advanceTimersByTime(29_999);
    expect(breaker.state).toBe(CircuitState.OPEN);
    expect(breaker.canExecute()).toBe(false);
    vi.advanceTimersByTime(1);
    expect(breaker.state).toBe(CircuitState.HALF_OPEN);
  });

  test("half-opens by the clock where its timer is lost, opens again and closes as ever", async () => {
    vi.stubGlobal("setTimeout", () => 0);
    onTestFinished(() => void vi.unstubAllGlobals());
    const changes: string[] = [];
    const breaker = openBreaker({ onStateChange: ({ from, to }) => changes.push(`${from} > ${to}`) });
    const passTime = (seconds: number) => vi.advanceTimersByTime(seconds * 1000);
    passTime(29.999);
    expect(breaker.state).toBe(CircuitState.OPEN);
    passTime(0.001);
    await expect(breaker.execute(fail)).rejects.toThrow("down");
    expect(breaker.state).toBe(CircuitState.OPEN);
    passTime(29.999);
    expect(breaker.canExecute()).toBe(false);
    passTime(0.001);
    expect([breaker.canExecute(), breaker.canExecute()]).toEqual([true, false]);
    breaker.recordSuccess();
    expect(breaker.state).toBe(CircuitState.CLOSED);
    expect(changes).toEqual([
      "closed > open",
      "open > half_open",
      "half_open > open",
      "open > half_open",
      "half_open > closed",
    ]);
  });

  test("does not care for the system's clock", () => {
    const breaker = openBreaker();
    vi.setSystemTime(Date.now() + 86_400_000);
    expect(breaker.state).toBe(CircuitState.OPEN);
    vi.setSystemTime(0);
    vi.advanceTimersByTime(30_000);
    expect(breaker.state).toBe(CircuitState.HALF_OPEN);
  });

  test("half-open closes on the first success, and opens for the whole time again on the first failure", () => {
    const breaker = openBreaker();
    vi.advanceTimersByTime(30_000);
    failTimes(breaker, 1);
    expect(breaker.state).toBe(CircuitState.OPEN);
    vi.advanceTimersByTime(29_999);
    expect(breaker.state).toBe(CircuitState.OPEN);
    vi.advanceTimersByTime(1);
    expect(breaker.canExecute()).toBe(true);
    breaker.recordSuccess();
    expect(breaker.state).toBe(CircuitState.CLOSED);
    failTimes(breaker, 4);
    expect(breaker.state).toBe(CircuitState.CLOSED);
  });

  test.each([1, 3])("half-open is no flood gate: of 1000 callers at once %i get through", async (places) => {
    const breaker = openBreaker({ halfOpenMaxCalls: places });
    vi.advanceTimersByTime(30_000);
    let calls = 0;
    let finish = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const outcomes = Array.from({ length: 1000 }, () =>
      breaker
        .execute(() => {
          calls++;
          return finished;
        })
        .then(
          () => "made",
          (error: unknown) => (isCircuitOpenError(error) ? "refused" : "failed"),
        ),
    );
    expect(breaker.canExecute()).toBe(false);
    finish();
    const made = (await Promise.all(outcomes)).filter((outcome) => outcome === "made");
    expect([calls, made.length]).toEqual([places, places]);
    expect(breaker.state).toBe(CircuitState.CLOSED);
  });

  test("half-opens although many calls failed at the same time, and again after every failed trial", async () => {
    const breaker = new CircuitBreaker();
    await Promise.allSettled(Array.from({ length: 20 }, () => breaker.execute(fail)));
    for (let i = 0; i < 10; i++) {
      expect(breaker.state).toBe(CircuitState.OPEN);
      vi.advanceTimersByTime(30_000);
      expect(breaker.state).toBe(CircuitState.HALF_OPEN);
      await expect(breaker.execute(fail)).rejects.toThrow("down");
    }
  });

  test("gives the place of a trial call that nobody reports on free after recoveryTimeoutSeconds", () => {
    const breaker = openBreaker();
    vi.advanceTimersByTime(30_000);
    expect([breaker.canExecute(), breaker.canExecute()]).toEqual([true, false]);
    vi.advanceTimersByTime(29_999);
    expect(breaker.canExecute()).toBe(false);
    vi.advanceTimersByTime(1);
    expect([breaker.canExecute(), breaker.canExecute()]).toEqual([true, false]);
  });

  test("keeps the place of a trial call that execute sees running", async () => {
    const breaker = openBreaker();
    vi.advanceTimersByTime(30_000);
    void breaker.execute(() => new Promise(() => undefined));
    vi.advanceTimersByTime(300_000);
    expect(breaker.canExecute()).toBe(false);
  });

  test("does not hear of a call that began before the state changed", async () => {
    const breaker = new CircuitBreaker({ failureThreshold: 1 });
    let finish: (outcome: Promise<void> | undefined) => void = () => {};
    const slow = () =>
      new Promise<void>((resolve) => {
        finish = resolve;
      });
    const slowSuccess = breaker.execute(slow);
    const finishSuccess = finish;
    const slowFailure = breaker.execute(slow);
    const finishFailure = finish;
    await expect(breaker.execute(fail)).rejects.toThrow("down");
    vi.advanceTimersByTime(30_000);
    finishSuccess(undefined);
    await slowSuccess;
    expect(breaker.state).toBe(CircuitState.HALF_OPEN);
    breaker.recordSuccess();
    breaker.recordFailure();
    expect(breaker.state).toBe(CircuitState.HALF_OPEN);
    finishFailure(fail());
    await expect(slowFailure).rejects.toThrow("down");
    expect(breaker.state).toBe(CircuitState.HALF_OPEN);
    expect(breaker.canExecute()).toBe(true);
  });

  test("does not hear of reports while it is open", () => {
    const breaker = openBreaker();
    breaker.recordSuccess();
    breaker.recordFailure();
    expect(breaker.state).toBe(CircuitState.OPEN);
    vi.advanceTimersByTime(30_000);
    expect(breaker.state).toBe(CircuitState.HALF_OPEN);
  });

  test("execute gives what the function returns or throws, and refuses with the seconds left", async () => {
    const breaker = new CircuitBreaker({ failureThreshold: 2 });
    expect(await breaker.execute(() => "at once")).toBe("at once");
    expect(await breaker.execute(async () => "later")).toBe("later");
    await expect(
      breaker.execute(() => {
        throw new Error("thrown, not rejected");
      }),
    ).rejects.toThrow("thrown, not rejected");
    await expect(breaker.execute(fail)).rejects.toThrow("down");
    vi.advanceTimersByTime(12_000);
    const refusal: unknown = await breaker.execute(fail).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(CircuitOpenError);
    expect(refusal).toMatchObject({ name: "CircuitOpenError", retryAfterSeconds: 18 });
    vi.advanceTimersByTime(18_000);
    expect(breaker.canExecute()).toBe(true);
    await expect(breaker.execute(fail)).rejects.toMatchObject({ retryAfterSeconds: 0 });
  });

  test("reset closes it from every state", () => {
    const breaker = new CircuitBreaker();
    failTimes(breaker, 4);
    breaker.reset();
    failTimes(breaker, 5);
    breaker.reset();
    expect(breaker.state).toBe(CircuitState.CLOSED);
    vi.advanceTimersByTime(60_000);
    expect(breaker.state).toBe(CircuitState.CLOSED);
    failTimes(breaker, 5);
    vi.advanceTimersByTime(30_000);
    breaker.reset();
    expect(breaker.canExecute()).toBe(true);
    expect(breaker.state).toBe(CircuitState.CLOSED);
  });

  test("close leaves it open for good, without a timer", async () => {
    const breaker = openBreaker();
    breaker.close();
    breaker.close();
    expect(vi.getTimerCount()).toBe(0);
    breaker.reset();
    breaker.recordSuccess();
    expect(breaker.canExecute()).toBe(false);
    await expect(breaker.execute(fail)).rejects.toMatchObject({
      name: "CircuitOpenError",
      retryAfterSeconds: Number.POSITIVE_INFINITY,
    });
    expect(breaker.state).toBe(CircuitState.OPEN);
  });

  test("tells of every change of state, and is not disturbed by who listens", () => {
    const changes: CircuitStateChange[] = [];
    const breaker = openBreaker({
      name: "issuer",
      onStateChange: (change) => {
        changes.push(change);
        throw new Error("a listener's own trouble");
      },
    });
    vi.advanceTimersByTime(30_000);
    failTimes(breaker, 1);
    vi.advanceTimersByTime(30_000);
    breaker.canExecute();
    breaker.recordSuccess();
    breaker.close();
    expect(changes.map(({ from, to }) => `${from} > ${to}`)).toEqual([
      "closed > open",
      "open > half_open",
      "half_open > open",
      "open > half_open",
      "half_open > closed",
      "closed > open",
    ]);
    expect(changes[0]).toEqual({ name: "issuer", from: "closed", to: "open" });
  });

  test.each([
    [{ failureThreshold: 0 }, "failureThreshold"],
    [{ failureThreshold: 1.5 }, "failureThreshold"],
    [{ recoveryTimeoutSeconds: 0 }, "recoveryTimeoutSeconds"],
    [{ recoveryTimeoutSeconds: Number.NaN }, "recoveryTimeoutSeconds"],
    [{ recoveryTimeoutSeconds: 2_147_484 }, "recoveryTimeoutSeconds"],
    [{ recoveryTimeoutSeconds: "30" as unknown as number }, "recoveryTimeoutSeconds"],
    [{ halfOpenMaxCalls: 0 }, "halfOpenMaxCalls"],
    [{ onStateChange: true as unknown as () => void }, "onStateChange"],
    [{ failureTreshold: 3 } as object, 'unknown option "failureTreshold"'],
    [null as unknown as object, "an object of options, got null"],
  ])("says which option is wrong in %o", (config, name) => {
    expect(() => new CircuitBreaker(config)).toThrow(name);
  });
});

describe("CircuitBreaker in a process of its own", () => {
  test("keeps the process alive in no state", () => {
    const program = `
      import { CircuitBreaker } from ${JSON.stringify(fileURLToPath(new URL("../dist/index.js", import.meta.url)))};
      new CircuitBreaker();
      new CircuitBreaker({ failureThreshold: 1, recoveryTimeoutSeconds: 3600 }).recordFailure();
      const halfOpen = new CircuitBreaker({ failureThreshold: 1, recoveryTimeoutSeconds: 0.001 });
      halfOpen.recordFailure();
      await new Promise((resolve) => setTimeout(resolve, 20));
      console.log(halfOpen.state);`;
    const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", program], {
      encoding: "utf8",
      timeout: 10_000,
    });
    expect(printed).toBe("half_open\n");
  });
});
