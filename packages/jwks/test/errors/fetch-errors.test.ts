import { describe, expect, test, vi } from "vitest";
import * as exported from "../../src/index.js";

type ErrorClass = new (status: number) => Error;

/** Every error that the package exports, found by looking. */
const errorClasses = Object.entries<unknown>({ ...exported }).filter(
  (entry): entry is [string, ErrorClass] => {
    const [, value] = entry;
    return typeof value === "function" && value.prototype instanceof Error;
  },
);

describe("the errors of the package", () => {
  test("are all looked at here", () => {
    expect(errorClasses.map(([name]) => name).sort()).toEqual([
      "FetcherClosedError",
      "KeySetRefusedError",
      "UnexpectedStatusError",
    ]);
  });

  test.each(errorClasses)(
    "%s has a brand of its own, and is known by instanceof across copies",
    async (name, Ours) => {
      vi.resetModules();
      const copy: Readonly<Record<string, unknown>> = await import("../../src/index.js");
      const Theirs = copy[name] as ErrorClass;
      expect(Theirs).not.toBe(Ours);
      expect(new Theirs(1)).toBeInstanceOf(Ours);
      expect(new Theirs(1).name).toBe(name);
      for (const [other, Other] of errorClasses) expect(new Theirs(1) instanceof Other).toBe(other === name);
      for (const value of [undefined, null, "text", {}, new Error(name)])
        expect(value instanceof Ours).toBe(false);
    },
  );

  test.each(errorClasses)("%s is told from what extends it", (_, Ours) => {
    class Extended extends Ours {}
    expect(new Ours(1) instanceof Extended).toBe(false);
    expect(new Extended(1) instanceof Extended).toBe(true);
    expect(new Extended(1) instanceof Ours).toBe(true);
  });
});
