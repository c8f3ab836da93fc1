import { describe, expect, test } from "vitest";
import { NameIndex } from "../../src/guard/name-index.js";
import { textMatcher } from "../../src/guard/text-matcher.js";
import { uriForms } from "../../src/guard/uri-forms.js";

/** An index that counts how many matchers it asks. */
function counting() {
  const counts = { asked: 0 };
  const index = new NameIndex<string>((pattern) => {
    const matches = textMatcher(pattern);
    return (text) => {
      counts.asked += 1;
      return matches(text);
    };
  });
  const find = (...names: readonly string[]) => {
    const found = new Set<string>();
    counts.asked = 0;
    for (const name of names) index.find(name, found);
    return { found: [...found].sort(), asked: counts.asked };
  };
  return { index, find };
}

describe("NameIndex", () => {
  test("asks no matcher for exact names, however many there are", () => {
    for (const size of [1, 10_000]) {
      const { index, find } = counting();
      for (let name = 0; name < size; name += 1) index.add(`tool-${name}`, `value-${name}`);
      expect(find("tool-0")).toEqual({ found: ["value-0"], asked: 0 });
      expect(find("tool-x")).toEqual({ found: [], asked: 0 });
    }
  });

  test("asks the matchers of patterns that begin as the name does, and no others", () => {
    for (const size of [1, 10_000]) {
      const { index, find } = counting();
      for (let name = 0; name < size; name += 1) index.add(`tenant-${name}-*`, `value-${name}`);
      index.add("*-delete", "any");
      expect(find("tenant-0-read")).toEqual({ found: ["value-0"], asked: 2 });
      expect(find("tenant-0-delete")).toEqual({ found: ["any", "value-0"], asked: 2 });
      expect(find("other")).toEqual({ found: [], asked: 1 });
    }
  });

  test("asks for a resource the patterns of its scheme and host", () => {
    for (const size of [1, 10_000]) {
      const { index, find } = counting();
      for (let host = 0; host < size; host += 1) index.add(`db://host-${host}/*`, `value-${host}`);
      expect(find(...(uriForms("db://host-0/row") ?? []))).toEqual({ found: ["value-0"], asked: 1 });
      expect(find(...(uriForms("db://elsewhere/row") ?? []))).toEqual({ found: [], asked: 0 });
    }
  });

  test("finds every value of a name once", () => {
    const { index, find } = counting();
    for (const pattern of ["a", "a", "*", "a*", "*a", "a*a"]) index.add(pattern, pattern);
    index.add("*", "a");
    expect(find("a").found).toEqual(["*", "*a", "a", "a*"]);
    expect(find("aa").found).toEqual(["*", "*a", "a", "a*", "a*a"]);
  });
});
