import { AttestationErrorCode } from "@attest/core";
import { describe, expect, test } from "vitest";
import { adviceFor } from "../../src/index.js";

describe("adviceFor", () => {
  test.each(Object.entries(AttestationErrorCode))(
    "says in a sentence what can be done about %s",
    (_, code) => {
      expect(adviceFor(code)).toMatch(/^[A-Z].+\.$/);
    },
  );

  test.each([0, 1000, 1014, "toString", undefined])(
    "throws a RangeError for %s, which is no code",
    (code) => {
      expect(() => adviceFor(code as never)).toThrow(RangeError);
    },
  );
});
