import { describe, expect, test, vi } from "vitest";
import { randomBytes, randomUuid } from "../src/random.js";

describe("randomBytes", () => {
  test("gives as many bytes as asked for, others every time", () => {
    expect(randomBytes(32)).toHaveLength(32);
    expect(randomBytes(32)).not.toEqual(randomBytes(32));
  });

  test("fails at import, with a message that says why, where the platform has no secure randomness", async () => {
    vi.stubGlobal("crypto", undefined);
    vi.resetModules();
    try {
      await expect(import("../src/random.js")).rejects.toThrow("needs the Web Crypto API");
    } finally {
      vi.unstubAllGlobals();
      vi.resetModules();
    }
  });
});

describe("randomUuid", () => {
  test("gives a version 4 UUID, another every time", () => {
    expect(randomUuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(randomUuid()).not.toBe(randomUuid());
  });
});
