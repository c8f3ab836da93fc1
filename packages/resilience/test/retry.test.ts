import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CircuitOpenError } from "../src/circuit-open-error.js";
import { type RetryAnnouncement, retry } from "../src/retry.js";
import { isRetryError, RetryError } from "../src/retry-error.js";

const steady = { jitter: false };

/** Fails the given number of times, then succeeds. */
function failing(
  times: number,
  error: (attempt: number) => unknown = (attempt) => new Error(`no ${attempt}`),
) {
  return vi.fn(async (attempt: number) => {
    if (attempt <= times) throw error(attempt);
    return attempt;
  });
}

/** Returns the result or the error of `promise`, after running all timers at once. */
async function settled<T>(promise: Promise<T>): Promise<unknown> {
  const outcome = promise.catch((error: unknown) => error);
  await vi.runAllTimersAsync();
  return outcome;
}

describe("retry", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("returns the first success, and tells each attempt its number", async () => {
    const fn = failing(2);
    expect(await settled(retry(fn))).toBe(3);
    expect(fn.mock.calls.map(([attempt]) => attempt)).toEqual([1, 2, 3]);
  });

  test("makes maxRetries more attempts and then throws a RetryError with the last error", async () => {
    const fn = failing(Number.POSITIVE_INFINITY);
    const error = await settled(retry(fn));
    expect(fn).toHaveBeenCalledTimes(4);
    expect(error).toBeInstanceOf(RetryError);
    expect(isRetryError(error)).toBe(true);
    expect(error).toMatchObject({
      name: "RetryError",
      message: "gave up after 4 attempts: no 4",
      attempts: 4,
      lastError: expect.objectContaining({ message: "no 4" }),
      cause: expect.objectContaining({ message: "no 4" }),
    });
    expect(await settled(retry(failing(1), { maxRetries: 0 }))).toMatchObject({ attempts: 1 });
  });

  test("waits twice as long each time, and never longer than maxDelaySeconds", async () => {
    const delays: number[] = [];
    const onRetry = ({ delaySeconds }: RetryAnnouncement) => delays.push(delaySeconds);
    await settled(retry(failing(8), { ...steady, maxRetries: 8 }, { onRetry }));
    expect(delays).toEqual([0.5, 1, 2, 4, 8, 10, 10, 10]);
  });

  test("waits as announced and not a millisecond less", async () => {
    const fn = failing(1);
    const result = retry(fn, { ...steady, baseDelaySeconds: 3 });
    await vi.advanceTimersByTimeAsync(2999);
    expect(fn).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await result).toBe(2);
  });

  test("spreads the waits over the whole of the longest one", async () => {
    const delays: number[] = [];
    const onRetry = ({ delaySeconds }: RetryAnnouncement) => delays.push(delaySeconds);
    for (let i = 0; i < 500; i++)
      await settled(retry(failing(1), { baseDelaySeconds: 8, maxDelaySeconds: 8 }, { onRetry }));
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...delays)).toBeLessThan(8);
    const mean = delays.reduce((sum, delay) => sum + delay, 0) / delays.length;
    expect(mean).toBeGreaterThan(3);
    expect(mean).toBeLessThan(5);
  });

  test("waits for as long as an error's retryAfterSeconds asks, at least", async () => {
    const delays: number[] = [];
    const onRetry = ({ delaySeconds }: RetryAnnouncement) => delays.push(delaySeconds);
    const asked = [7, 0.1, Number.NaN, 10];
    const error = (attempt: number) =>
      Object.assign(new Error("later"), { retryAfterSeconds: asked[attempt - 1] });
    await settled(retry(failing(4, error), { ...steady, maxRetries: 4 }, { onRetry }));
    expect(delays).toEqual([7, 1, 2, 10]);
  });

  test("gives up at once when it is asked to wait for longer than maxDelaySeconds", async () => {
    const fn = failing(1, () => new CircuitOpenError(10.001));
    expect(await settled(retry(fn))).toMatchObject({ name: "RetryError", attempts: 1 });
    expect(fn).toHaveBeenCalledTimes(1);
  });

  test("throws an error that shouldRetry turns down as it is", async () => {
    const fn = failing(3);
    const shouldRetry = (_: unknown, attempt: number) => attempt < 2;
    expect(await settled(retry(fn, {}, { shouldRetry }))).toMatchObject({ name: "Error", message: "no 2" });
    expect(fn).toHaveBeenCalledTimes(2);
  });

  test("tells onRetry what failed and what comes", async () => {
    const announcements: RetryAnnouncement[] = [];
    await settled(retry(failing(1), steady, { onRetry: (announcement) => announcements.push(announcement) }));
    expect(announcements).toEqual([{ attempt: 1, error: new Error("no 1"), delaySeconds: 0.5 }]);
  });

  test("makes no attempt when the signal is aborted already", async () => {
    const fn = failing(0);
    await expect(retry(fn, {}, { signal: AbortSignal.abort("over") })).rejects.toBe("over");
    expect(fn).not.toHaveBeenCalled();
  });

  test("stops waiting when the signal is aborted, and leaves no timer behind", async () => {
    const controller = new AbortController();
    const result = retry(failing(1), steady, { signal: controller.signal }).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(1);
    expect(vi.getTimerCount()).toBe(1);
    controller.abort(new Error("over"));
    expect(await result).toMatchObject({ message: "over" });
    expect(vi.getTimerCount()).toBe(0);
  });

  test("hands the signal on, and does not wait for an attempt that ignores it", async () => {
    const controller = new AbortController();
    let handed: AbortSignal | undefined;
    const result = retry(
      (_, signal) => {
        handed = signal;
        return new Promise(() => undefined);
      },
      {},
      { signal: controller.signal },
    ).catch((error: unknown) => error);
    controller.abort("over");
    expect(await result).toBe("over");
    expect(handed).toBe(controller.signal);
  });

  test.each([
    [{ maxRetries: -1 }, "maxRetries"],
    [{ maxRetries: 0.5 }, "maxRetries"],
    [{ baseDelaySeconds: -1 }, "baseDelaySeconds"],
    [{ maxDelaySeconds: Number.POSITIVE_INFINITY }, "maxDelaySeconds"],
    [{ exponentialBase: 0.9 }, "exponentialBase"],
    [{ jitter: 1 as unknown as boolean }, "jitter"],
    [{ maxRetrys: 1 } as object, 'unknown option "maxRetrys"'],
  ])("says which option is wrong in %o, before the first attempt", async (config, name) => {
    const fn = failing(0);
    await expect(retry(fn, config)).rejects.toThrow(name);
    expect(fn).not.toHaveBeenCalled();
  });
});
