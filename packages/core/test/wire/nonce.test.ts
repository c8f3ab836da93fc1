import { describe, expect, test } from "vitest";
import { isNonce } from "../../src/wire/nonce.js";

describe("isNonce", () => {
  test.each(["n", "~", "!", "a_b-C=", "n".repeat(128)])("%j is one", (value) => {
    expect(isNonce(value)).toBe(true);
  });

  test.each(["", "n".repeat(129), " ", "n\n", "é", "\u007f", undefined, null, 1, ["n"], {}])(
    "%j is none",
    (value) => {
      expect(isNonce(value)).toBe(false);
    },
  );
});
