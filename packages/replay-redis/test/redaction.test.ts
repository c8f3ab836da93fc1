import { inspect } from "node:util";
import { causesOf } from "@attest/core/internal";
import { describe, expect, test } from "vitest";
import { redactor } from "../src/errors/redaction.js";

const SECRET = "pa%22ss";
const redact = redactor([SECRET, 'pa"ss']);

/** Returns all that a log could show of an error, as texts and as an object. */
function shown(error: unknown): string {
  return `${causesOf(error).join()} ${inspect(error, { depth: 20, showHidden: true })}`;
}

describe("redactor", () => {
  test("returns an error without secrets as it is", () => {
    const error = new TypeError("nothing", { cause: new Error("here") });
    expect(redact(error)).toBe(error);
  });

  test.each([
    ["its message", new Error(`AUTH ${SECRET} failed`)],
    ["its name", Object.assign(new Error("failed"), { name: SECRET })],
    ["a cause", new Error("outer", { cause: new Error("middle", { cause: new Error(`has ${SECRET}`) }) })],
    ["a cause that is text", new Error("outer", { cause: `AUTH ${SECRET}` })],
    ["a property", Object.assign(new Error("failed"), { command: ["AUTH", 'pa"ss'] })],
    [
      "a property of a cause",
      new Error("outer", { cause: Object.assign(new Error("x"), { args: [SECRET] }) }),
    ],
    ["an error of an AggregateError", new AggregateError([new Error(`AUTH ${SECRET}`)], "all failed")],
    ["a long text", new Error("failed", { cause: `${"x".repeat(20_000)}${SECRET}` })],
  ])("removes a secret from %s", (_, error) => {
    expect(shown(error)).toContain(error.message.includes(SECRET) ? SECRET : "pa");
    expect(shown(redact(error))).not.toMatch(/pa%22ss|pa\\?"ss/);
  });

  test("keeps the texts of the chain, with *** in the secret's place", () => {
    const error = new TypeError("outer", { cause: new RangeError(`AUTH ${SECRET} failed`) });
    expect(causesOf(redact(error))).toEqual(["TypeError: outer", "RangeError: AUTH *** failed"]);
  });

  test("cuts a quoted command off wherever it stands, since it may hold a part of a secret", () => {
    const quoting = new Error(
      "ERR unknown command `HELLO`, with args beginning with: `3`, `AUTH`, `u`, `pa%22",
    );
    expect(causesOf(redact(quoting))).toEqual(["Error: ERR unknown command `HELLO`"]);
    expect(causesOf(redact(new Error("outer", { cause: quoting })))).toEqual([
      "Error: outer",
      "Error: ERR unknown command `HELLO`",
    ]);
  });

  test("returns for a chain without end an error that ends", () => {
    const loop = new Error(SECRET);
    loop.cause = loop;
    expect(causesOf(redact(loop))).toEqual(Array.from({ length: 8 }, () => "Error: ***"));
  });
});
