import { describe, expect, test } from "vitest";
import { type Check, defineCheck } from "../../src/verify/check.js";
import { insertAfter, insertBefore, replaceCheck, withoutCheck } from "../../src/verify/compose.js";

const named = (name: string): Check => defineCheck(name, () => {});
const names = (checks: readonly Check[]): string[] => checks.map(({ name }) => name);
const list = Object.freeze(["a", "b", "c"].map(named));
const x = named("x");

describe("insertBefore", () => {
  test("puts a check right before the named one", () => {
    expect(names(insertBefore(list, "a", x))).toEqual(["x", "a", "b", "c"]);
    expect(names(insertBefore(list, "c", x))).toEqual(["a", "b", "x", "c"]);
  });
});

describe("insertAfter", () => {
  test("puts a check right after the named one", () => {
    expect(names(insertAfter(list, "a", x))).toEqual(["a", "x", "b", "c"]);
    expect(names(insertAfter(list, "c", x))).toEqual(["a", "b", "c", "x"]);
  });
});

describe("replaceCheck", () => {
  test("puts a check in the named one's place", () => {
    expect(names(replaceCheck(list, "b", x))).toEqual(["a", "x", "c"]);
  });
});

describe("withoutCheck", () => {
  test("leaves the named check out", () => {
    expect(names(withoutCheck(list, "b"))).toEqual(["a", "c"]);
  });
});

describe.each([
  ["insertBefore", (name: string) => insertBefore(list, name, x)],
  ["insertAfter", (name: string) => insertAfter(list, name, x)],
  ["replaceCheck", (name: string) => replaceCheck(list, name, x)],
  ["withoutCheck", (name: string) => withoutCheck(list, name)],
])("%s", (_, compose) => {
  test("leaves the list it is given as it was", () => {
    compose("b");
    expect(names(list)).toEqual(["a", "b", "c"]);
  });

  test("names the checks there are when there is none of that name", () => {
    expect(() => compose("d")).toThrow(new RangeError('there is no check named "d"; there are a, b, c'));
  });
});
