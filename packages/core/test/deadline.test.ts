import { describe, expect, test, vi } from "vitest";
import { ask, withDeadline } from "../src/deadline.js";
import { thenable } from "./support/thenable.js";

const CAUSE = new Error("its own");
const tooLate = () => new Error("too late");

function fail(): never {
  throw CAUSE;
}

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

describe("ask", () => {
  const bounds = {
    seconds: 0.01,
    onTimeout: tooLate,
    onFailure: (cause: unknown) => new Error("failed", { cause }),
  };

  test("uses an answer that is there in the same step", () => {
    expect(
      ask(
        () => 20,
        bounds,
        (answer) => answer + 1,
      ),
    ).toBe(21);
  });

  test.each([undefined, null, 0, "", false, () => {}])(
    "takes %s for an answer, not for a promise",
    (value) => {
      expect(
        ask(
          () => value,
          bounds,
          (answer) => [answer],
        ),
      ).toEqual([value]);
    },
  );

  test("waits for a promise", async () => {
    expect(
      await ask(
        async () => 20,
        bounds,
        (answer) => answer + 1,
      ),
    ).toBe(21);
  });

  test.each([
    ["an object", thenable((resolve) => resolve(20))],
    [
      "a function",
      thenable(
        (resolve) => resolve(20),
        () => {},
      ),
    ],
    ["an object that answers later", thenable((resolve) => setImmediate(resolve, 20))],
  ])("waits for a thenable of another library: %s", async (_, foreign) => {
    expect(
      await ask(
        () => foreign as Promise<number>,
        bounds,
        (answer) => answer + 1,
      ),
    ).toBe(21);
  });

  test.each<[string, () => unknown]>([
    ["throws", fail],
    ["rejects", () => Promise.reject(CAUSE)],
    ["returns a thenable that fails", () => thenable((_, reject) => reject(CAUSE))],
    ["returns an object whose then cannot be read", () => new Proxy({}, { get: fail })],
  ])("throws the caller's error when the question %s", async (_, question) => {
    const asking = async () => ask(question, bounds, () => "unused");
    await expect(asking()).rejects.toMatchObject({ message: "failed", cause: CAUSE });
  });

  test("throws the caller's error once the time is up", async () => {
    const asking = ask(
      () => new Promise<never>(() => {}),
      bounds,
      () => "unused",
    );
    await expect(asking).rejects.toMatchObject({ message: "failed", cause: { message: "too late" } });
  });

  test("lets what the answer's use throws out as it is", async () => {
    expect(() => ask(() => 1, bounds, fail)).toThrow(CAUSE);
    await expect(ask(async () => 1, bounds, fail)).rejects.toBe(CAUSE);
  });
});
