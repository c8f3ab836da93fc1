import { describe, expect, test } from "vitest";
import { isKeyId } from "../../src/keys/key-id.js";

describe("isKeyId", () => {
  test("wants a string of 1 to 256 characters", () => {
    expect(["k", "k".repeat(256)].map(isKeyId)).toEqual([true, true]);
    expect(["", "k".repeat(257), 1, undefined].map(isKeyId)).toEqual([false, false, false, false]);
  });
});
