import { describe, expect, test, vi } from "vitest";
import type { TokenEvent } from "../src/events.js";
import { type AttestationObserver, notify } from "../src/observer.js";

const event: TokenEvent = { type: "replay", issuer: "i", subject: "s", jti: "j" };

describe("notify", () => {
  test("hands the event over", () => {
    const record = vi.fn();
    notify({ record }, event);
    expect(record.mock.calls).toEqual([[event]]);
  });

  test("drops what the observer throws", () => {
    const record = () => {
      throw new Error("observer");
    };
    expect(() => notify({ record }, event)).not.toThrow();
  });

  test("drops what the observer rejects with", async () => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    try {
      notify({ record: () => Promise.reject(new Error("observer")) }, event);
      await new Promise((resolve) => setTimeout(resolve, 10));
      expect(unhandled).not.toHaveBeenCalled();
    } finally {
      process.off("unhandledRejection", unhandled);
    }
  });

  test("does not wait for the observer", () => {
    expect(notify({ record: () => new Promise<never>(() => {}) as never }, event)).toBeUndefined();
  });

  test("drops an observer that has no record", () => {
    expect(() => notify({} as AttestationObserver, event)).not.toThrow();
  });
});
