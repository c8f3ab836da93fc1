import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { encodeSegment, type TokenSegment } from "../../src/testing/forge-token.js";
import {
  type CompactJws,
  encodeCompactJws,
  encodeJsonSegment,
  parseJsonSegment,
  splitCompactJws,
} from "../../src/token/compact-jws.js";

const malformed = expect.objectContaining({ code: 1008 });
const jws = (header: TokenSegment, payload: TokenSegment, signature = "AA"): string =>
  `${encodeSegment(header)}.${encodeSegment(payload)}.${signature}`;

/** A compact JWS with both its JSON segments parsed. */
function parse(token: string, maxBytes?: number) {
  const jws: CompactJws = splitCompactJws(token, maxBytes);
  return {
    ...jws,
    header: parseJsonSegment(jws.header, "header"),
    payload: parseJsonSegment(jws.payload, "payload"),
  };
}

describe("splitCompactJws and parseJsonSegment", () => {
  test("takes a compact JWS into its four parts", () => {
    const token = jws({ a: 1 }, { b: "é" });
    const parsed = parse(token);
    expect(parsed).toMatchObject({ header: { a: 1 }, payload: { b: "é" }, signature: Uint8Array.of(0) });
    expect(Buffer.from(parsed.signingInput).toString()).toBe(token.slice(0, -3));
  });

  test("reads a token of exactly the longest length, and none of a byte more", () => {
    const token = jws({ a: 1 }, { b: 2 });
    expect(parse(token, token.length).payload).toEqual({ b: 2 });
    expect(() => parse(token, token.length - 1)).toThrow(malformed);
  });

  test.each([
    ["nothing", ""],
    ["one segment", "AA"],
    ["two segments", "AA.AA"],
    ["four segments", `${jws({}, {})}.AA`],
    ["five segments, as a JWE has", "AA.AA.AA.AA.AA"],
    ["only dots", ".."],
    ["an empty header", `.${encodeSegment({})}.AA`],
    ["an empty payload", `${encodeSegment({})}..AA`],
    ["white space before", ` ${jws({}, {})}`],
    ["white space after", `${jws({}, {})}\n`],
    ["a padded signature", jws({}, {}, "AA==")],
    ["a signature that is not canonical", jws({}, {}, "AB")],
    ["text that is not JSON", jws("header", {})],
    ["a list as payload", jws({}, [])],
    ["a string as header", jws('"header"', {})],
    ["null as payload", jws({}, "null")],
    ["a comment", jws({}, "{} // comment")],
    ["a byte order mark", jws({}, "\ufeff{}")],
    ["bytes that are not UTF-8", jws({}, Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d))],
  ])("refuses %s", (_, token) => {
    expect(() => parse(token)).toThrow(malformed);
  });

  test.each([
    ["__proto__ in the header", jws('{"__proto__":{}}', {})],
    ["__proto__ in the payload", jws({}, '{"__proto__":{}}')],
    ["constructor", jws({}, '{"constructor":1}')],
    ["an escaped __proto__", jws({}, '{"\\u005f_proto__":{}}')],
    ["an escaped constructor", jws({}, '{"c\\u006fnstructor":{}}')],
    ["__proto__ deep inside", jws({}, '{"a":[{"b":[[{"__proto__":null}]]}]}')],
  ])("refuses a member named %s", (_, token) => {
    expect(() => parse(token)).toThrow(malformed);
  });

  test("lets these names stand as values and in parts of names, next to null too", () => {
    const payload = { a: "__proto__", b: ["constructor", null], constructors: "\u00e9" };
    expect(parse(jws({}, payload)).payload).toEqual(payload);
  });

  test("survives nesting of any depth", () => {
    const depth = 200_000;
    const nested = `{"constructors":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    expect(parse(jws({}, nested), 10 * depth).payload).toHaveProperty("constructors");
    expect(() => parse(jws({}, nested))).toThrow(malformed);
  });

  test.each([
    ["the token is 8193 bytes long; at most 8192 are read", "A".repeat(8193)],
    ["a compact JWS has exactly three segments", "AA.AA"],
    ["a compact JWS has exactly three segments", `${jws({}, {})}.AA`],
    ["the signature is not canonical base64url", jws({}, {}, "AB")],
    ["the header is not canonical base64url", `peer=.${encodeSegment({})}.AA`],
    ["the payload is not canonical base64url", `${encodeSegment({})}.peer=.AA`],
    ["the payload is not UTF-8 JSON", jws({}, '{"a":\u001b[31mpeer')],
    ["the header is not a JSON object", jws('["peer"]', {})],
    ["the payload has a member named __proto__ or constructor", jws({}, '{"constructor":"peer"}')],
  ])('says "%s", and quotes nothing of the token', (detail, token) => {
    expect(() => parse(token)).toThrow(expect.objectContaining({ code: 1008, detail }));
    expect(() => parse(token)).not.toThrow(expect.objectContaining({ cause: expect.anything() }));
  });
});

describe("encodeCompactJws", () => {
  test("writes what splitCompactJws reads", () => {
    const token = encodeCompactJws(
      `${encodeJsonSegment({ a: 1 })}.${encodeJsonSegment({ b: "é" })}`,
      Uint8Array.of(1, 2, 3),
    );
    expect(token).toBe(jws({ a: 1 }, { b: "é" }, "AQID"));
    expect(parse(token).signature).toEqual(Uint8Array.of(1, 2, 3));
  });
});
