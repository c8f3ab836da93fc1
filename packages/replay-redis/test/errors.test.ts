import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import * as exported from "../src/index.js";

type ErrorClass = new (seconds: number) => Error;
type Exports = Readonly<Record<string, unknown>>;

/** Another copy of the package: the built one, next to the source that vitest loads. */
const otherCopy: Exports = createRequire(import.meta.url)("../dist/index.js");

function isErrorClass(value: unknown): value is ErrorClass {
  return typeof value === "function" && value.prototype instanceof Error;
}

const classes = Object.entries<unknown>(exported).flatMap(([name, value]) =>
  isErrorClass(value) ? [{ name, own: value, other: otherCopy[name] as ErrorClass }] : [],
);

describe("the errors of @attest/replay-redis", () => {
  test("are all walked here", () => {
    expect(classes.map(({ name }) => name)).toEqual(["CommandTimeoutError"]);
  });

  test.each(classes)(
    "$name is known by instanceof across copies, by a brand of its own",
    ({ name, own, other }) => {
      expect(own).not.toBe(other);
      expect(new own(1)).toBeInstanceOf(own);
      expect(new other(1)).toBeInstanceOf(own);
      expect(new own(1)).toBeInstanceOf(other);
      expect(new own(1).name).toBe(name);
      for (const { own: unrelated } of classes.filter((entry) => entry.own !== own)) {
        expect(new unrelated(1)).not.toBeInstanceOf(own);
      }
    },
  );

  test.each(classes)("$name is not what only looks like it", ({ name, own }) => {
    const lookalike = Object.assign(new Error("Redis gave no answer within 1 seconds"), { name });
    for (const value of [lookalike, { name }, undefined, null, name]) expect(value).not.toBeInstanceOf(own);
  });

  test.each(classes)("a subclass of $name knows its own instances only", ({ own }) => {
    class Derived extends own {}
    expect(new Derived(1)).toBeInstanceOf(Derived);
    expect(new Derived(1)).toBeInstanceOf(own);
    expect(new own(1)).not.toBeInstanceOf(Derived);
  });
});
