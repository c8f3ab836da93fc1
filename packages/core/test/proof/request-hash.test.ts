import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { requestHash } from "../../src/proof/request-hash.js";
import { withEvidence } from "../../src/wire.js";
import { hashOf } from "../support/canonical.js";
import { refusing } from "../support/context.js";

const KEY = "security.attestation";
const ENVELOPE = "io.modelcontextprotocol/protocolVersion";
const evidence = { version: "0.1.0", token: "a.b.c", proof: "d.e.f" };
const wellFormed = fc.string({ unit: "binary" });
const json = fc.jsonValue({ stringUnit: "binary", depthSize: "small" });
const member = wellFormed.filter((name) => name !== "__proto__");
const withoutProto = (value: unknown): boolean => !JSON.stringify(value).includes("__proto__");
const params = fc.dictionary(member, json, { maxKeys: 6 }).filter(withoutProto);
const meta = fc.dictionary(
  fc.oneof(member, fc.constantFrom(KEY, "traceparent", "tracestate", "baggage", "progressToken", ENVELOPE)),
  json,
  { maxKeys: 5 },
);
const method = fc.constantFrom("tools/call", "tools/list", "initialize", "resources/read");

const hash = (text: string): string => requestHash(JSON.parse(text) as { method: string; params?: unknown });

describe("requestHash", () => {
  test("gives the vectors of the protocol", () => {
    expect(requestHash({ method: "tools/list" })).toBe("bmLEqYjta7OhnDUKyKZ5eo2tWfMVLPznHkyvFtxFIlU");
    const params = {
      capabilities: {},
      clientInfo: { name: "c", version: "1" },
      protocolVersion: "2025-11-25",
    };
    expect(requestHash({ method: "initialize", params })).toBe("x-KDPv_7bPiDFXco3C1xgm9EtHIzXkjY3ChSARsf2ko");
  });

  test("is what an independent implementation of the rules says of any request", () => {
    const request = fc.record(
      { method, params: fc.tuple(params, meta).map(([own, _meta]) => ({ ...own, _meta })) },
      { requiredKeys: ["method"] },
    );
    fc.assert(
      fc.property(request.filter(withoutProto), (message) => {
        expect(requestHash(message)).toBe(hashOf(message));
      }),
      { numRuns: 1_000 },
    );
  });

  test("is what an independent implementation says of any initialize", () => {
    const capabilities = fc.record(
      {
        roots: json,
        experimental: fc.oneof(
          json,
          fc.dictionary(fc.oneof(fc.constantFrom(KEY, "other"), member), json, { maxKeys: 3 }),
        ),
      },
      { requiredKeys: [] },
    );
    const initialize = fc.record(
      { capabilities: fc.oneof(json, capabilities), clientInfo: json, _meta: fc.oneof(json, meta) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(initialize.filter(withoutProto), (params) => {
        expect(requestHash({ method: "initialize", params })).toBe(hashOf({ method: "initialize", params }));
      }),
      { numRuns: 500 },
    );
  });

  describe("rule 1: absent params are {}", () => {
    test("absent, undefined and empty are one", () => {
      const hashes = [
        requestHash({ method: "ping" }),
        requestHash({ method: "ping", params: undefined }),
        hash('{"method":"ping","params":{}}'),
      ];
      expect(new Set(hashes).size).toBe(1);
    });

    test.each([null, [], "", 0, false])("%j is not absent", (given) => {
      expect(requestHash({ method: "ping", params: given })).not.toBe(requestHash({ method: "ping" }));
    });
  });

  describe("rule 2: evidence, trace context and progress token are no part of it", () => {
    test.each([
      { [KEY]: evidence },
      { traceparent: "00-1-2-01" },
      { tracestate: "a=1" },
      { baggage: "a=1" },
      { progressToken: 7 },
      { progressToken: "p", traceparent: "t", tracestate: "s", baggage: "b", [KEY]: null },
      {},
      { anything: undefined },
      { traceparent: "00-1-2-01", anything: undefined },
      { anything: () => 1, other: Symbol("s") },
    ])("_meta %j hashes as none", (_meta) => {
      const request = { method: "tools/call", params: { name: "x" } };
      expect(requestHash({ ...request, params: { name: "x", _meta } })).toBe(requestHash(request));
    });

    test("never changes it, whatever else the request has", () => {
      const unsigned = fc.dictionary(
        fc.constantFrom(KEY, "traceparent", "tracestate", "baggage", "progressToken"),
        json,
      );
      fc.assert(
        fc.property(method, params, meta, unsigned, (method, own, _meta, added) => {
          fc.pre(withoutProto(_meta));
          const plain = requestHash({ method, params: { ...own, _meta } });
          expect(requestHash({ method, params: { ...own, _meta: { ..._meta, ...added } } })).toBe(plain);
        }),
        { numRuns: 300 },
      );
    });

    test.each([
      { [ENVELOPE]: "2026-07-28" },
      { "io.modelcontextprotocol/clientCapabilities": {} },
      { "io.modelcontextprotocol/clientInfo": { name: "c" } },
      { progresstoken: 1 },
      { "security.attestation.x": 1 },
      { Traceparent: "x" },
    ])("_meta %j is signed", (_meta) => {
      const request = { method: "tools/call", params: { name: "x" } };
      expect(requestHash({ ...request, params: { name: "x", _meta } })).not.toBe(requestHash(request));
    });

    test.each([null, [], "x", 1, [{ progressToken: 1 }]])(
      "_meta %j, which is no object, is signed",
      (_meta) => {
        expect(requestHash({ method: "x", params: { _meta } })).not.toBe(requestHash({ method: "x" }));
      },
    );

    test("members of those names are signed anywhere but in params._meta", () => {
      for (const name of [KEY, "traceparent", "progressToken", "_meta"]) {
        const request = { method: "tools/call", params: { name: "x", arguments: {} } };
        const changed = { ...request, params: { name: "x", arguments: { [name]: {} } } };
        expect(requestHash(changed)).not.toBe(requestHash(request));
      }
    });
  });

  test("inputResponses and requestState are signed", () => {
    const request = { method: "tools/call", params: { name: "x" } };
    for (const more of [{ inputResponses: [{ action: "accept" }] }, { requestState: "opaque" }]) {
      expect(requestHash({ ...request, params: { name: "x", ...more } })).not.toBe(requestHash(request));
    }
  });

  describe("rule 3: evidence among the capabilities of initialize is no part of it", () => {
    const initialize = (capabilities: unknown, more: object = {}) => ({
      method: "initialize",
      params: { protocolVersion: "2025-11-25", capabilities, ...more },
    });

    test.each([
      { experimental: { [KEY]: evidence } },
      { experimental: { [KEY]: {} } },
      { experimental: {} },
      { experimental: { [KEY]: evidence, other: undefined } },
      { experimental: undefined },
    ])("capabilities %j hash as none", (capabilities) => {
      expect(requestHash(initialize(capabilities))).toBe(requestHash(initialize({})));
    });

    test("other experimental capabilities are signed, with and without evidence beside them", () => {
      const other = requestHash(initialize({ experimental: { other: {} } }));
      expect(other).not.toBe(requestHash(initialize({})));
      expect(requestHash(initialize({ experimental: { other: {}, [KEY]: evidence } }))).toBe(other);
    });

    test("the entry is signed in an initialize with a modern envelope, and in other requests", () => {
      const modern = { _meta: { [ENVELOPE]: "2026-07-28" } };
      const withEntry = { experimental: { [KEY]: {} } };
      expect(requestHash(initialize(withEntry, modern))).not.toBe(requestHash(initialize({}, modern)));
      const call = (capabilities: unknown) => requestHash({ method: "tools/call", params: { capabilities } });
      expect(call(withEntry)).not.toBe(call({}));
    });

    test("capabilities that are no object are signed as they are", () => {
      const hashes = [[], null, "x", 1, { experimental: [] }, { experimental: null }].map((capabilities) =>
        requestHash(initialize(capabilities)),
      );
      expect(new Set([...hashes, requestHash(initialize({}))]).size).toBe(7);
    });
  });

  test("is the same before evidence is put into a request and after", () => {
    const container = fc.record(
      {
        capabilities: fc.record({ experimental: fc.dictionary(member, json) }, { requiredKeys: [] }),
        _meta: meta,
      },
      // MCP has capabilities in every initialize.
      { requiredKeys: ["capabilities"] },
    );
    fc.assert(
      fc.property(method, container.filter(withoutProto), (method, params) => {
        const request = { jsonrpc: "2.0" as const, id: 1, method, params };
        const sent = withEvidence(request, { token: "a.b.c", proof: "d.e.f" });
        expect(requestHash(sent)).toBe(requestHash(request));
      }),
      { numRuns: 300 },
    );
  });

  test("changes with the method and with any of the parameters", () => {
    const pair = fc.tuple(params, params);
    fc.assert(
      fc.property(method, method, pair, (first, second, [a, b]) => {
        const hashes = [
          requestHash({ method: first, params: a }),
          requestHash({ method: second, params: b }),
        ];
        // Two texts are one request when JSON says so: −0 is 0, and what has no JSON form is not there.
        const isOne =
          first === second && hashOf({ method: "", params: a }) === hashOf({ method: "", params: b });
        expect(new Set(hashes).size).toBe(isOne ? 1 : 2);
      }),
      { numRuns: 500 },
    );
  });

  test("changes with any one value deep in the arguments", () => {
    const path = fc.array(fc.oneof(member, fc.nat(3)), { minLength: 1, maxLength: 6 });
    const leaf = fc.oneof(fc.integer(), wellFormed, fc.boolean(), fc.constant(null));
    const at = (steps: readonly (string | number)[], value: unknown): unknown =>
      steps.reduceRight<unknown>(
        (inner, step) =>
          typeof step === "number" ? [...Array(step).fill(0), inner] : Object.fromEntries([[step, inner]]),
        value,
      );
    fc.assert(
      fc.property(path, leaf, leaf, (steps, a, b) => {
        fc.pre(a !== b);
        const [one, other] = [a, b].map((value) =>
          requestHash({ method: "tools/call", params: { name: "x", arguments: at(steps, value) } }),
        );
        expect(one).not.toBe(other);
      }),
      { numRuns: 500 },
    );
  });

  test("is one for every spelling of one request", () => {
    const spellings = [
      '{"method":"tools/call","params":{"name":"é","arguments":{"a":1,"b":[1000,"/"]}}}',
      '{ "params" : { "arguments": {"b":[1e3,"\\/"],"a":1.0}, "name":"\\u00e9" },\n\t"method":"tools\\/call" }',
      '{"id":7,"jsonrpc":"2.0","params":{"name":"\\u00E9","arguments":{"b":[10.00E+2,"\\u002f"],"a":10e-1}},"method":"tools/call"}',
    ];
    expect(new Set(spellings.map(hash)).size).toBe(1);
  });

  test("does not look at the order of members, nor at white space or escapes", () => {
    const respelled = (value: unknown): string => {
      if (typeof value === "string") {
        return `"${Array.from({ length: value.length }, (_, index) => `\\u${value.charCodeAt(index).toString(16).padStart(4, "0")}`).join("")}"`;
      }
      if (Array.isArray(value)) return `[ ${value.map(respelled).join("\n,")} ]`;
      if (typeof value !== "object" || value === null) return JSON.stringify(value);
      const members = Object.entries(value).reverse();
      return `{\t${members.map(([name, inner]) => `${respelled(name)} : ${respelled(inner)}`).join(" , ")}\r\n}`;
    };
    fc.assert(
      fc.property(params, (params) => {
        const message = JSON.parse(JSON.stringify({ method: "tools/call", params })) as {
          method: string;
          params: unknown;
        };
        expect(hash(respelled(message))).toBe(requestHash(message));
      }),
      { numRuns: 300 },
    );
  });

  describe("members that JSON leaves out", () => {
    test.each<[string, unknown, unknown]>([
      ["undefined", { a: undefined, b: 1 }, { b: 1 }],
      ["functions and symbols", { a: () => 1, b: Symbol("s"), c: 1 }, { c: 1 }],
      ["undefined in lists", { a: [undefined, () => 1] }, { a: [null, null] }],
      ["dates", { a: new Date(0) }, { a: "1970-01-01T00:00:00.000Z" }],
      [
        "a toJSON that gives nothing",
        { a: { toJSON: () => undefined }, b: [{ toJSON: () => () => 1 }] },
        { b: [null] },
      ],
      ["a toJSON that is data", { a: { toJSON: 1 } }, JSON.parse('{"a":{"toJSON":1}}')],
    ])("hash as they do after JSON: %s", (_, given, inJson) => {
      expect(requestHash({ method: "x", params: given })).toBe(requestHash({ method: "x", params: inJson }));
    });
  });

  describe("numbers", () => {
    test.each([
      ["-0", "0"],
      ["1e21", "1000000000000000000000"],
      ["12345678901234567890", "12345678901234567000"],
      ["9007199254740993", "9007199254740992"],
      ["0.1e-6", "1E-7"],
      ["5e-324", "4.9e-324"],
    ])("%s is %s, as in every parser of doubles", (one, other) => {
      const [a, b] = [one, other].map((number) => hash(`{"method":"x","params":{"n":${number}}}`));
      expect(a).toBe(b);
      expect(a).toBe(hashOf(JSON.parse(`{"method":"x","params":{"n":${one}}}`)));
    });
  });

  describe("what has no canonical form is refused, 1012", () => {
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;

    test.each<[string, unknown]>([
      ["a lone surrogate", { a: "\ud800" }],
      ["a lone surrogate in a name", { "\udc00": 1 }],
      ["two surrogates in the wrong order", { a: "\udc00\ud800" }],
      ["NaN", { a: Number.NaN }],
      ["infinity", { a: [Number.POSITIVE_INFINITY] }],
      ["a big integer of JavaScript's", { a: 1n }],
      ["a circle", circle],
      ["a circle in _meta", { _meta: circle }],
      ["a lone surrogate in _meta", { _meta: { a: "\ud800" } }],
      ["infinity out of JSON", JSON.parse('{"a":1e400}')],
    ])("%s", (_, params) => {
      expect(() => requestHash({ method: "x", params })).toThrow(refusing(1012));
    });

    test("a method with a lone surrogate", () => {
      expect(() => requestHash({ method: "\ud800" })).toThrow(refusing(1012));
    });

    test.each([
      '{"__proto__":1}',
      '{"a":1,"__proto__":{}}',
      '{"a":{"b":[{"__proto__":null}]}}',
      '{"_meta":{"__proto__":{}}}',
      '{"\\u005f_proto__":1}',
      '{"_meta":{"x":1,"__proto__":{"progressToken":1}}}',
    ])("a member named __proto__: %s", (text) => {
      expect(() => requestHash({ method: "x", params: JSON.parse(text) })).toThrow(
        refusing(1012, "the request has a member named __proto__"),
      );
    });

    test.each(['{"capabilities":{"__proto__":1}}', '{"capabilities":{"experimental":{"__proto__":{}}}}'])(
      "a member named __proto__ in initialize: %s",
      (text) => {
        expect(() => requestHash({ method: "initialize", params: JSON.parse(text) })).toThrow(refusing(1012));
      },
    );

    test("but not the word elsewhere, however it is dressed", () => {
      const harmless = [
        "__proto__",
        '"__proto__":',
        '{"__proto__":1}',
        ',"__proto__":',
        'x{"__proto__":',
        '\\{"__proto__":',
      ];
      for (const text of harmless) {
        expect(requestHash({ method: text, params: { [`x${text}`]: text, list: [text, ",", "{"] } })).toMatch(
          /^[\w-]{43}$/,
        );
      }
      expect(
        requestHash({ method: "x", params: { ___proto__: 1, __proto___: 1, "{": "__proto__" } }),
      ).toMatch(/^[\w-]{43}$/);
    });
  });

  test.each([
    ["lists", "[", "]"],
    ["objects", '{"a":', "}"],
  ])("nesting of 100,000 %s neither overflows nor collides", (_, open, close) => {
    for (const place of ["arguments", "_meta"]) {
      const nested = (depth: number): string =>
        hash(`{"method":"x","params":{"${place}":{"x":${open.repeat(depth)}1${close.repeat(depth)}}}}`);
      expect(nested(100_000)).not.toBe(nested(99_999));
    }
  });

  test("leaves the request as it is", () => {
    const params = Object.freeze({ name: "x", _meta: Object.freeze({ progressToken: 1, other: 1 }) });
    requestHash({ method: "tools/call", params });
    expect(params).toEqual({ name: "x", _meta: { progressToken: 1, other: 1 } });
  });
});
