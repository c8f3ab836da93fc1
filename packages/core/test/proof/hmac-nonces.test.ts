import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { hmacNonces } from "../../src/proof/hmac-nonces.js";
import { FixedClock } from "../../src/testing.js";

const key = Uint8Array.from({ length: 32 }, (_, index) => index);
const at = (seconds: number, secret = key) => hmacNonces({ key: secret, clock: new FixedClock(seconds) });
/** A moment at which a window begins. */
const START = 1_800_000_000;

describe("hmacNonces", () => {
  test("gives the HMAC of the minute, in 22 characters", () => {
    const mac = createHmac("sha256", key)
      .update(`attestation-nonce\n${START / 60}`)
      .digest();
    expect(at(START).current()).toBe(mac.subarray(0, 16).toString("base64url"));
    expect(at(START).current()).toMatch(/^[\w-]{22}$/);
  });

  test("gives one nonce for 60 seconds, and then another", () => {
    const clock = new FixedClock(START);
    const nonces = hmacNonces({ key, clock });
    const first = nonces.current();
    clock.advance(59.999);
    expect(nonces.current()).toBe(first);
    clock.advance(0.001);
    expect(nonces.current()).not.toBe(first);
  });

  test.each([
    ["from the beginning of a window", 0, 119.999, 120],
    ["from the end of a window", 59.999, 60.001, 60.002],
  ])("accepts a nonce %s for one to two windows", (_, madeAfter, goodFor, tooLate) => {
    const nonce = at(START + madeAfter).current();
    for (const [passed, isGood] of [
      [0, true],
      [goodFor - 0.001, true],
      [tooLate, false],
      [1e6, false],
    ] as const) {
      expect(at(START + madeAfter + passed).accepts(nonce), `after ${passed} seconds`).toBe(isGood);
    }
  });

  test("accepts a nonce any number of times", () => {
    const nonces = at(START);
    for (let count = 0; count < 100; count++) expect(nonces.accepts(nonces.current())).toBe(true);
  });

  test("does not accept a nonce of a window that has not begun", () => {
    expect(at(START).accepts(at(START + 60).current())).toBe(false);
  });

  test("two servers with one key accept one another's nonces, in this window and the next", () => {
    const nonce = at(START + 1).current();
    expect(at(START + 59).accepts(nonce)).toBe(true);
    expect(at(START + 61).accepts(nonce)).toBe(true);
  });

  test("a server with another key accepts none of them", () => {
    expect(at(START, key.toReversed()).accepts(at(START).current())).toBe(false);
  });

  test.each(["", "A".repeat(22), "undefined", "NaN"])("does not accept %j", (nonce) => {
    expect(at(START).accepts(nonce)).toBe(false);
  });

  test("keeps a key of its own: what becomes of the caller's bytes changes nothing", () => {
    const given = Uint8Array.from(key);
    const clock = new FixedClock(START);
    const nonces = hmacNonces({ key: given, clock });
    given.fill(0);
    expect(nonces.current()).toBe(at(START).current());
  });

  test("needs 32 bytes of key", () => {
    for (const length of [32, 33, 64, 65, 1000]) {
      expect(hmacNonces({ key: new Uint8Array(length) }).current()).toMatch(/^[\w-]{22}$/);
    }
    for (const length of [0, 16, 31]) {
      expect(() => hmacNonces({ key: new Uint8Array(length) })).toThrow(
        new RangeError(`key must be at least 32 bytes, got ${length}`),
      );
    }
  });

  test.each([undefined, null, "x".repeat(32), 32, Array(32).fill(1), {}])(
    "takes no %j for a key",
    (value) => {
      expect(() => hmacNonces({ key: value as unknown as Uint8Array })).toThrow(/^key must be a Uint8Array/);
    },
  );

  test("does not show its key", () => {
    expect(JSON.stringify(at(START))).toBe("{}");
    expect(Object.keys(at(START))).toEqual(["current", "accepts"]);
  });
});
