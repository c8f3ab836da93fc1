import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import {
  callback,
  count,
  flag,
  having,
  names,
  nullable,
  oneOf,
  optional,
  seconds,
  text,
} from "../../src/options/option-kinds.js";
import { type OptionsSpec, readOptions, stated } from "../../src/options/read-options.js";

interface Settings {
  readonly waitSeconds: number;
  readonly audience: string | undefined;
  readonly strict: boolean;
}

const SPEC: OptionsSpec<Settings> = {
  waitSeconds: seconds(30, { max: 60 }),
  audience: stated(optional(text())),
  strict: flag(false),
};

const read = (given: unknown) => readOptions<Settings>("Thing", given, SPEC);

describe("readOptions", () => {
  test("fills in defaults for what is left out, and for what is undefined where leaving out is no weaker", () => {
    expect(read({})).toEqual({ waitSeconds: 30, audience: undefined, strict: false });
    expect(read({ waitSeconds: undefined })).toMatchObject({ waitSeconds: 30 });
  });

  test("refuses an option that is present but undefined where leaving it out is weaker", () => {
    expect(() => read({ audience: undefined })).toThrow(
      new TypeError("Thing: audience is present but undefined: leave it out, or give it a value"),
    );
  });

  test.each([
    [
      "a getter of a class",
      new (class {
        get audience() {
          return "me";
        }
      })(),
    ],
    [
      "a field of a class",
      new (class {
        audience = "me";
      })(),
    ],
    ["an inherited member", Object.create({ audience: "me" })],
    [
      "an inherited member without any prototype behind it",
      Object.create(Object.assign(Object.create(null), { audience: "me" })),
    ],
    ["a member that is not enumerable", Object.defineProperty({}, "audience", { value: "me" })],
    ["a null-prototype object", Object.assign(Object.create(null), { audience: "me" })],
    ["an object of another realm", runInNewContext("({ audience: 'me' })")],
  ])("reads %s", (_, given) => {
    expect(read(given).audience).toBe("me");
  });

  test.each([
    ["own", { audiance: "me" }],
    [
      "a getter",
      new (class {
        get audiance() {
          return "me";
        }
      })(),
    ],
    ["inherited", Object.create({ audiance: "me" })],
    [
      "inherited from an object without a prototype",
      Object.create(Object.assign(Object.create(null), { audiance: "me" })),
    ],
    ["not enumerable", Object.defineProperty({}, "audiance", { value: "me" })],
  ])("refuses a misspelt name that is %s, and says what was meant", (_, given) => {
    expect(() => read(given)).toThrow(
      new TypeError('Thing: unknown option "audiance"; did you mean "audience"?'),
    );
  });

  test("names the known options for a name that is like none of them", () => {
    expect(() => read({ colour: 1 })).toThrow(
      'Thing: unknown option "colour"; known options: waitSeconds, audience, strict',
    );
  });

  test.each([
    ["a Map", new Map([["audience", "me"]])],
    ["a Set", new Set()],
    ["an array", ["me"]],
    ["a Date", new Date()],
    ["a function", () => undefined],
    ["a string", "me"],
    ["null", null],
    ["undefined", undefined],
  ])("refuses %s in place of options", (_, given) => {
    expect(() => read(given)).toThrow(/^Thing takes an object of options, got /);
  });

  test("says what kind of object was given in place of options", () => {
    expect(() => read(new Map())).toThrow("Thing takes an object of options, got a Map");
    expect(() => read(new Uint8Array(1))).toThrow("Thing takes an object of options, got a Uint8Array");
  });

  test("leaves a method the object that it belongs to", () => {
    class Options {
      readonly #secret = "s";
      run() {
        return this.#secret;
      }
    }
    const settings = readOptions<{ run: () => string }>("Thing", new Options(), {
      run: callback<() => string>(),
    });
    expect(settings.run()).toBe("s");
  });
});

describe("the kinds of options", () => {
  const Level = { LOW: "low", HIGH: "high" } as const;

  test.each([
    ["seconds below", seconds(1), -0.1, "x must be a number of seconds, at least 0, got -0.1"],
    ["seconds above", seconds(1, { max: 5 }), 5.1, "x must be a number of seconds, from 0 to 5, got 5.1"],
    ["seconds NaN", seconds(1), Number.NaN, "x must be a number of seconds, at least 0, got NaN"],
    ["seconds as text", seconds(1), "5", "x must be a number of seconds, at least 0, got string"],
    ["a count of 0", count(1), 0, "x must be an integer, at least 1, got 0"],
    ["a fractional count", count(1), 1.5, "x must be an integer, at least 1, got 1.5"],
    ["a count above", count(1, { max: 3 }), 4, "x must be an integer, from 1 to 3, got 4"],
    ["flag", flag(false), "yes", "x must be true or false, got string"],
    ["oneOf", oneOf(Level, "low"), "lo\nw", 'x must be one of low, high, got "lo\\u000aw"'],
    ["oneOf without text", oneOf(Level, "low"), null, "x must be one of low, high, got null"],
    ["text", text(), "", "x must be a non-empty string, got an empty string"],
    ["text that is none", text(), 1, "x must be a non-empty string, got number"],
    ["text that is absent", text(), undefined, "x must be a non-empty string, got undefined"],
    ["names", names(), ["a", ""], "x must be a list of non-empty strings, got an array"],
    ["names as one", names(), "a", "x must be a list of non-empty strings, got string"],
    ["callback", callback(), {}, "x must be a function, got object"],
    [
      "having",
      having<{ go(): void }>("a Goer: { go() }", "go"),
      { go: 1 },
      "x must be a Goer: { go() }, got object",
    ],
    [
      "having null",
      having<{ go(): void }>("a Goer: { go() }", "go"),
      null,
      "x must be a Goer: { go() }, got null",
    ],
  ])("%s: what is wrong is said with the option's name", (_, option, value, message) => {
    expect(() => option(value, "x")).toThrow(message);
  });

  test("let pass what stands on their boundaries", () => {
    expect(seconds(1, { min: 2, max: 5 })(2, "x")).toBe(2);
    expect(seconds(1, { min: 2, max: 5 })(5, "x")).toBe(5);
    expect(count(1, { max: 3 })(3, "x")).toBe(3);
    expect(nullable(text())(null, "x")).toBeNull();
    expect(optional(text())(undefined, "x")).toBeUndefined();
    expect(names()([], "x")).toEqual([]);
  });
});
