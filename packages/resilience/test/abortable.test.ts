import { describe, expect, test } from "vitest";
import { abortable } from "../src/abortable.js";

const never = new Promise<never>(() => undefined);

describe("abortable", () => {
  test("gives what the promise settles to", async () => {
    const { signal } = new AbortController();
    expect(await abortable(Promise.resolve(1), signal)).toBe(1);
    await expect(abortable(Promise.reject(new Error("no")), signal)).rejects.toThrow("no");
  });

  test("throws the signal's reason when it is aborted before or meanwhile", async () => {
    await expect(abortable(never, AbortSignal.abort("over"))).rejects.toBe("over");
    await expect(abortable(Promise.resolve(1), AbortSignal.abort("over"))).rejects.toBe("over");
    const controller = new AbortController();
    const waiting = abortable(never, controller.signal);
    controller.abort("over");
    await expect(waiting).rejects.toBe("over");
  });

  test("leaves no rejection unhandled that comes after it gave up", async () => {
    const controller = new AbortController();
    let fail = (): void => undefined;
    const late = new Promise<void>((_, reject) => {
      fail = () => reject(new Error("late"));
    });
    const waiting = abortable(late, controller.signal);
    controller.abort("over");
    await expect(waiting).rejects.toBe("over");
    fail();
    await new Promise((resolve) => setTimeout(resolve, 5));
  });
});
