import { describe, expect, test, vi } from "vitest";
import { withDeadline } from "../src/deadline.js";

const tooLate = () => new Error("too late");

describe("withDeadline", () => {
  test("gives what the promise gives in time", async () => {
    expect(await withDeadline(Promise.resolve("value"), 1, tooLate)).toBe("value");
  });

  test("rejects as the promise rejects in time", async () => {
    await expect(withDeadline(Promise.reject(new Error("its own")), 1, tooLate)).rejects.toThrow("its own");
  });

  test("rejects with the caller's error once the time is up", async () => {
    const never = new Promise<never>(() => {});
    await expect(withDeadline(never, 0.01, tooLate)).rejects.toThrow("too late");
  });

  test("leaves no rejection unhandled when the promise fails after its time", async () => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    try {
      const late = new Promise<never>((_, reject) => {
        setTimeout(() => reject(new Error("late")), 30);
      });
      await expect(withDeadline(late, 0.01, tooLate)).rejects.toThrow("too late");
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(unhandled).not.toHaveBeenCalled();
    } finally {
      process.off("unhandledRejection", unhandled);
    }
  });

  test("sets no timer for what is there at once", async () => {
    const set = vi.spyOn(globalThis, "setTimeout");
    try {
      await withDeadline(Promise.resolve(), 60, tooLate);
      await withDeadline(Promise.reject(new Error()), 60, tooLate).catch(() => undefined);
      expect(set).not.toHaveBeenCalled();
    } finally {
      vi.restoreAllMocks();
    }
  });

  test("leaves no timer running, whichever way the promise settles", async () => {
    const soon = (settle: () => void) => setImmediate(settle);
    const clear = vi.spyOn(globalThis, "clearTimeout");
    const set = vi.spyOn(globalThis, "setTimeout");
    try {
      await withDeadline(new Promise<void>((resolve) => soon(resolve)), 60, tooLate);
      await withDeadline(new Promise<void>((_, reject) => soon(reject)), 60, tooLate).catch(() => undefined);
      const timers = set.mock.results.map(({ value }) => value);
      expect(timers).toHaveLength(2);
      expect(clear.mock.calls.map(([timer]) => timer)).toEqual(timers);
    } finally {
      vi.restoreAllMocks();
    }
  });
});
