import { describe, expect, test } from "vitest";
import { causesOf } from "../src/causes.js";

describe("causesOf", () => {
  test("gives the messages of an error and of what is behind it, outermost first", () => {
    const error = new Error("no keys", { cause: new TypeError("fetch failed", { cause: "ECONNREFUSED" }) });
    expect(causesOf(error)).toEqual(["Error: no keys", "TypeError: fetch failed", "ECONNREFUSED"]);
  });

  test("escapes what would break a log line, and survives JSON", () => {
    const causes = causesOf(new Error("a\nb\u001b[31m"));
    expect(causes).toEqual(["Error: a\\u000ab\\u001b[31m"]);
    expect(JSON.parse(JSON.stringify({ causes }))).toEqual({ causes });
  });

  test("names the kind of what was thrown and is no error, without its content", () => {
    expect(causesOf({ token: "secret" })).toEqual(["thrown: object"]);
    expect(causesOf(undefined)).toEqual(["thrown: undefined"]);
  });

  test("ends where a chain of causes runs in a circle", () => {
    const error = new Error("again");
    error.cause = error;
    expect(causesOf(error)).toHaveLength(8);
  });
});
