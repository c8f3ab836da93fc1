import { FixedClock } from "@attest/core/testing";
import { describe, expect, test, vi } from "vitest";
import { TokenLife } from "../../src/evidence/token-life.js";

const ISSUED_AT = 1_000_000;
const LIFE = 300;

function tokenOf(claims: object): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2ln`;
}

/** Returns the seconds from the receipt of a token, whose age is then `age`, until it is due. */
function dueAfter(age: number, claims: object = { iat: ISSUED_AT, exp: ISSUED_AT + LIFE }): number | "never" {
  const clock = new FixedClock(ISSUED_AT + age);
  const life = new TokenLife(clock);
  life.begin(tokenOf(claims));
  for (let seconds = 0; seconds <= 2 * LIFE; seconds++) {
    if (life.isDue) return seconds;
    clock.advance(1);
  }
  return "never";
}

describe("TokenLife", () => {
  test.each([
    ["fresh", 0, 240],
    ["handed out a while ago", 60, 180],
    ["older than that, with a tenth of its life kept for it", 220, 30],
    ["seven tenths old: the bound between the two", 210, 30],
    ["expired by this clock", 10 * LIFE, 30],
    ["from the future by this clock", -100, 240],
  ])("has a token replaced that is %s at received + max(0.1, 0.8 - age/life) × life", (_, age, due) => {
    expect(dueAfter(age)).toBe(due);
  });

  test.each([
    ["no times", {}],
    ["times that are text", { iat: "1", exp: "2" }],
    ["an end before its beginning", { iat: ISSUED_AT, exp: ISSUED_AT - 1 }],
    ["no life at all", { iat: ISSUED_AT, exp: ISSUED_AT }],
  ])("never has a token replaced with %s", (_, claims) => {
    expect(dueAfter(0, claims)).toBe("never");
  });

  test.each(["a.b.c", "", "e30.bm8gSlNPTg.c2ln", `e30.${"A".repeat(10_000)}.c2ln`, tokenOf([])])(
    "never has %.20s replaced, which is no token",
    (token) => {
      const clock = new FixedClock(ISSUED_AT);
      const life = new TokenLife(clock);
      life.begin(token);
      clock.advance(1e9);
      expect(life.isDue).toBe(false);
    },
  );

  test("reads nothing of a token before it is asked, and reads it once", () => {
    const parse = vi.spyOn(JSON, "parse");
    try {
      const life = new TokenLife(new FixedClock(ISSUED_AT));
      life.begin(tokenOf({ iat: ISSUED_AT, exp: ISSUED_AT + LIFE }));
      expect(parse).not.toHaveBeenCalled();
      expect([life.isDue, life.isDue]).toEqual([false, false]);
      expect(parse).toHaveBeenCalledTimes(1);
    } finally {
      parse.mockRestore();
    }
  });
});
