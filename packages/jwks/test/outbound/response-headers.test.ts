import { describe, expect, test } from "vitest";
import { retryAfterSeconds } from "../../src/outbound/response-headers.js";

const NOW = Date.UTC(2030, 0, 2, 3, 4, 5) / 1000;

describe("retryAfterSeconds", () => {
  test.each([
    ["0", 0],
    ["120", 120],
    [" 7 ", 7],
    ["Wed, 02 Jan 2030 03:05:05 GMT", 60],
    ["Wed, 02 Jan 2030 03:04:05 GMT", 0],
    ["Wed, 02 Jan 2030 03:00:00 GMT", 0],
    ["-1", undefined],
    ["1.5", undefined],
    ["soon", undefined],
    ["2030-01-02", undefined],
    ["", undefined],
  ])("reads %j as %s", (value, seconds) => {
    expect(retryAfterSeconds(new Headers({ "retry-after": value }), NOW)).toBe(seconds);
  });

  test("reads no time where the header is missing", () => {
    expect(retryAfterSeconds(new Headers(), NOW)).toBeUndefined();
  });
});
