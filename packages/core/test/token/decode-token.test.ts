import { describe, expect, test, vi } from "vitest";
import { KeyPair } from "../../src/keys/key-pair.js";
import { encodeSegment } from "../../src/testing/forge-token.js";
import { decodeToken } from "../../src/token/decode-token.js";
import { attested, IDENTITY } from "../support/attested.js";
import { forge, HEADER, PAYLOAD } from "../support/forge.js";

const keyPair = KeyPair.generate();
const headerOf = (header: object) => decodeToken(forge(keyPair, header)).header;

/** A header, well formed, whose segment has `length` characters. */
function headerOfLength(length: number): object {
  const header = { ...HEADER, other: "" };
  const missing = Math.floor((length * 3) / 4) - JSON.stringify(header).length;
  return { ...header, other: "x".repeat(missing) };
}

function failure(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error("it did not throw");
}

describe("decodeToken", () => {
  test("shows header and claims without a key, a clock or a signature", async () => {
    const { createToken } = attested();
    const decoded = decodeToken(await createToken());
    expect(decoded.header).toEqual(HEADER);
    expect(decoded.claims.agentIdentity).toEqual(IDENTITY);
    expect(Object.keys(decoded).sort()).toEqual(["claims", "header"]);
    expect(decodeToken(forge(KeyPair.generate())).claims.raw).toEqual(PAYLOAD);
  });

  test("refuses what is not an attestation token", () => {
    expect(() => decodeToken("token")).toThrow(expect.objectContaining({ code: 1008 }));
    expect(() => decodeToken(forge(keyPair, { ...HEADER, alg: "none" }))).toThrow(
      expect.objectContaining({ code: 1008 }),
    );
    expect(() => decodeToken(forge(keyPair, HEADER, {}))).toThrow(expect.objectContaining({ code: 1007 }));
  });

  test("names the segment that is wrong", () => {
    for (const [token, detail] of [
      [forge(keyPair, []), "the header is not a JSON object"],
      [forge(keyPair, HEADER, []), "the payload is not a JSON object"],
    ] as const) {
      expect(() => decodeToken(token)).toThrow(expect.objectContaining({ detail }));
    }
  });

  test("says in message and stack what exactly is wrong, and shows nothing of the token", () => {
    for (const [token, detail] of [
      ["token", "exactly three segments"],
      [forge(keyPair, { ...HEADER, alg: "none" }), "alg"],
      [forge(keyPair, HEADER, {}), "missing: iss"],
      ["<html>secret</html>", "exactly three segments"],
      [`${forge(keyPair)}\n`, "the signature is not canonical base64url"],
    ] as const) {
      const error = failure(() => decodeToken(token));
      expect(error.message).toMatch(/^The attestation token .*\. In detail: [^\n]+\.$/);
      expect(error.message).toContain(detail);
      expect(error.stack).toContain(error.message);
      expect(error.stack).not.toContain("secret");
    }
  });

  test.each([undefined, null, 5, {}])("is for strings: %j", (token) => {
    expect(() => decodeToken(token as never)).toThrow(/^token must be a string, got/);
  });

  test("reads a header that tokens share once, when its segment has at most 512 characters", () => {
    expect(encodeSegment(headerOfLength(512))).toHaveLength(512);
    expect(headerOf(headerOfLength(512))).toBe(headerOf(headerOfLength(512)));
    expect(headerOf(headerOfLength(512))).toSatisfy(Object.isFrozen);
    expect(encodeSegment(headerOfLength(514))).toHaveLength(514);
    expect(headerOf(headerOfLength(514))).not.toBe(headerOf(headerOfLength(514)));
    expect(headerOf(headerOfLength(514))).toEqual(HEADER);
  });

  test("keeps 64 headers, and lets go of them all for one more", async () => {
    vi.resetModules();
    const { decodeToken } = await import("../../src/token/decode-token.js");
    const headerOf = (kid: number) => decodeToken(forge(keyPair, { ...HEADER, kid: `key-${kid}` })).header;
    const kids = Array.from({ length: 64 }, (_, index) => index);
    const headers = kids.map(headerOf);
    expect(kids.every((kid) => headerOf(kid) === headers[kid])).toBe(true);
    headerOf(64);
    expect(kids.some((kid) => headerOf(kid) === headers[kid])).toBe(false);
  });
});
