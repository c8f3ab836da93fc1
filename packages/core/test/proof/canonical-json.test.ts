import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../../src/proof/canonical-json.js";
import { jcs } from "../support/canonical.js";

describe("canonicalJson", () => {
  test("gives the sample of RFC 8785 §3.2.2", () => {
    const sample = `{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\"\\/",
      "literals": [null, true, false]
    }`;
    expect(canonicalJson(JSON.parse(sample))).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  test("sorts names by their UTF-16 units, as RFC 8785 §3.2.3 does", () => {
    const names = ["\u20ac", "\r", "\ufb33", "1", "\ud83d\ude00", "\u0080", "\u00f6", "10", "2", ""];
    const object = Object.fromEntries(names.map((name, index) => [name, index]));
    expect(Object.keys(JSON.parse(`{"x":${canonicalJson(object)}}`).x)).toHaveLength(10);
    const order = ["", "\r", "1", "10", "2", "\u0080", "\u00f6", "\u20ac", "\ud83d\ude00", "\ufb33"];
    expect(canonicalJson(object)).toBe(
      `{${order.map((name) => `${JSON.stringify(name)}:${names.indexOf(name)}`).join(",")}}`,
    );
  });

  test("writes numbers as RFC 8785 appendix B does", () => {
    const bits = (hex: string): number =>
      new DataView(Uint8Array.from(Buffer.from(hex, "hex")).buffer).getFloat64(0);
    for (const [hex, text] of [
      ["0000000000000000", "0"],
      ["8000000000000000", "0"],
      ["0000000000000001", "5e-324"],
      ["8000000000000001", "-5e-324"],
      ["7fefffffffffffff", "1.7976931348623157e+308"],
      ["4340000000000000", "9007199254740992"],
      ["c340000000000000", "-9007199254740992"],
      ["4430000000000000", "295147905179352830000"],
      ["44b52d02c7e14af5", "9.999999999999997e+22"],
      ["44b52d02c7e14af6", "1e+23"],
      ["44b52d02c7e14af7", "1.0000000000000001e+23"],
      ["444b1ae4d6e2ef4e", "999999999999999700000"],
      ["444b1ae4d6e2ef4f", "999999999999999900000"],
      ["444b1ae4d6e2ef50", "1e+21"],
      ["3eb0c6f7a0b5ed8c", "9.999999999999997e-7"],
      ["3eb0c6f7a0b5ed8d", "0.000001"],
      ["41b3de4355555553", "333333333.3333332"],
      ["becbf647612f3696", "-0.0000033333333333333333"],
      ["43143ff3c1cb0959", "1424953923781206.2"],
    ] as const) {
      expect(canonicalJson([bits(hex)])).toBe(`[${text}]`);
    }
  });

  test("agrees with another implementation on any JSON", () => {
    const json = fc.jsonValue({ stringUnit: "binary", depthSize: "medium" });
    fc.assert(
      fc.property(json, (value) => {
        fc.pre(!JSON.stringify(value).includes("__proto__"));
        expect(canonicalJson([value])).toBe(jcs([value as never]));
      }),
      { numRuns: 2_000 },
    );
  });

  test("takes one object in two places for no circle", () => {
    const shared = { a: [1] };
    expect(canonicalJson([shared, shared, { x: shared }])).toBe('[{"a":[1]},{"a":[1]},{"x":{"a":[1]}}]');
  });

  test("leaves the members of what every object inherits alone", () => {
    expect(
      canonicalJson(JSON.parse('{"valueOf":1,"toString":2,"hasOwnProperty":3,"constructor":4,"length":5}')),
    ).toBe('{"constructor":4,"hasOwnProperty":3,"length":5,"toString":2,"valueOf":1}');
    expect(canonicalJson(Object.assign(Object.create(null), { a: 1 }))).toBe('{"a":1}');
  });
});
