import { describe, expect, test } from "vitest";
import { KnownIssuers } from "../../src/fetching/known-issuers.js";

const MAX_OTHERS = 10_000;

function table() {
  const released: string[] = [];
  const known = new KnownIssuers({
    create: (issuer) => ({ issuer }),
    release: ({ issuer }) => released.push(issuer),
  });
  const use = (from: number, to: number) => {
    for (let index = from; index < to; index++) known.use(`${index}`);
  };
  return { known, released, use };
}

describe("KnownIssuers", () => {
  test("makes a value once, and gives the same one after that", () => {
    const { known } = table();
    expect(known.find("a")).toBeUndefined();
    expect(known.use("a")).toBe(known.use("a"));
    expect(known.find("a")).toBe(known.use("a"));
  });

  test("forgets the least recently used issuer, and no other, for one more", () => {
    const { known, released, use } = table();
    use(0, MAX_OTHERS);
    known.use("0");
    known.find("1");
    expect(released).toEqual([]);
    known.use("one more");
    expect(released).toEqual(["1"]);
    known.use("another");
    expect(released).toEqual(["1", "2"]);
    expect(known.find("0")).toBeDefined();
    expect([...known.entries()]).toHaveLength(MAX_OTHERS);
  });

  test("keeps what is to be kept, known before or not, beside as many others", () => {
    const { known, released, use } = table();
    known.use("before");
    known.keep(["before", "later"]);
    known.keep(["before", "later"]);
    known.use("later");
    use(0, MAX_OTHERS);
    expect(released).toEqual([]);
    use(MAX_OTHERS, MAX_OTHERS + 100);
    expect(released).toEqual(Array.from({ length: 100 }, (_, index) => `${index}`));
    expect([...known.entries()]).toHaveLength(MAX_OTHERS + 2);
  });

  test("keeps every issuer of a number beyond the bound that is to be kept", () => {
    const { known, released, use } = table();
    known.keep(Array.from({ length: 2 * MAX_OTHERS }, (_, index) => `${index}`));
    use(0, 2 * MAX_OTHERS);
    expect(released).toEqual([]);
  });

  test("forgets everything at once when it is cleared", () => {
    const { known, released, use } = table();
    use(0, MAX_OTHERS);
    known.clear();
    expect([...known.entries()]).toEqual([]);
    use(0, MAX_OTHERS);
    expect(released).toEqual([]);
  });
});
