import { FixedClock } from "@attest/core/testing";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { SharedFetch } from "../../src/fetching/shared-fetch.js";

/** A shared fetch whose fetches are settled by hand. */
function byHand(longestSeconds = 10) {
  const clock = new FixedClock();
  const fetches: { resolve: (value: string) => void; reject: (error: Error) => void }[] = [];
  const told: string[] = [];
  const shared = new SharedFetch<string>({
    fetch: () => new Promise((resolve, reject) => fetches.push({ resolve, reject })),
    longestSeconds,
    clock,
    onSuccess: (value) => told.push(value),
    onFailure: (error) => told.push(String(error)),
    onDeath: () => told.push("dead"),
  });
  return { shared, clock, fetches, told };
}

describe("SharedFetch", () => {
  test("makes one fetch for all that wait, and another after that", async () => {
    const { shared, fetches, told } = byHand();
    const waiting = [shared.run(), shared.run(), shared.run()];
    expect(shared.isUnderWay).toBe(true);
    fetches[0]?.resolve("first");
    expect(await Promise.all(waiting)).toEqual(["first", "first", "first"]);
    expect(shared.isUnderWay).toBe(false);
    const next = shared.run();
    fetches[1]?.reject(new Error("second"));
    await expect(next).rejects.toThrow("second");
    expect(told).toEqual(["first", "Error: second"]);
  });

  test("replaces a fetch that is dead by the clock, and not a second earlier", async () => {
    const { shared, clock, fetches, told } = byHand();
    void shared.run();
    clock.advance(9);
    expect(shared.isUnderWay).toBe(true);
    clock.advance(1);
    expect(shared.isUnderWay).toBe(false);
    const next = shared.run();
    fetches[1]?.resolve("second");
    expect(await next).toBe("second");
    expect(told).toEqual(["dead", "second"]);
  });

  test("notices a death by the monotonic clock too, when the other was set back", async () => {
    const { shared, clock } = byHand(0.05);
    void shared.run();
    clock.advance(-3600);
    await expect.poll(() => shared.isUnderWay).toBe(false);
  });

  test("replaces a dead fetch once for all that wait for it", async () => {
    const { shared, fetches, told } = byHand(0.05);
    void shared.run();
    const waiting = [shared.run(), shared.run()];
    await expect.poll(() => fetches.length).toBe(2);
    fetches[1]?.resolve("second");
    expect(await Promise.all(waiting)).toEqual(["second", "second"]);
    expect(told).toEqual(["dead", "second"]);
  });

  test("replaces a fetch at once whose promise the runtime has declared dead to others", async () => {
    const ended = new Error("This promise was created by a request that has since ended");
    const told: string[] = [];
    let fetches = 0;
    const shared = new SharedFetch<string>({
      fetch: async () => {
        if (fetches++ > 0) return "second";
        return new Promise<never>(() => undefined);
      },
      longestSeconds: 10,
      clock: new FixedClock(),
      onSuccess: (value) => told.push(value),
      onFailure: (error) => told.push(String(error)),
      onDeath: () => told.push("dead"),
    });
    void shared.run();
    // Such a runtime rejects a promise that was made in another request.
    const race = vi.spyOn(Promise, "race").mockImplementationOnce(() => Promise.reject(ended));
    onTestFinished(() => race.mockRestore());
    expect(await shared.run()).toBe("second");
    expect(told).toEqual(["dead", "second"]);
  });

  test("does not hear of a fetch that ends after it was given up", async () => {
    const { shared, clock, fetches, told } = byHand();
    const first = shared.run();
    clock.advance(10);
    const second = shared.run();
    fetches[0]?.resolve("late");
    expect(await first).toBe("late");
    expect(shared.isUnderWay).toBe(true);
    fetches[1]?.resolve("second");
    await second;
    expect(told).toEqual(["dead", "second"]);
  });

  test("leaves no timer behind when the fetch ends", async () => {
    vi.useFakeTimers();
    try {
      const { shared, fetches } = byHand();
      const waiting = [shared.run(), shared.run()];
      expect(vi.getTimerCount()).toBe(1);
      fetches[0]?.resolve("first");
      await Promise.all(waiting);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});
