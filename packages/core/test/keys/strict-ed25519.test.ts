import { ed25519 as curve } from "@noble/curves/ed25519.js";
import { describe, expect, test } from "vitest";
import { isStrictPublicKey, isStrictSignature } from "../../src/keys/strict-ed25519.js";
import { GROUP_ORDER, SMALL_ORDER_POINTS, scalarBytes } from "../support/curve.js";
import { bytesOf, RFC_8032_VECTORS } from "../support/vectors.js";

const FIELD_PRIME: bigint = curve.Point.Fp.ORDER;
const [vector] = RFC_8032_VECTORS;
if (vector === undefined) throw new Error("there are no vectors");
const publicKey = bytesOf(vector.publicKey);
const signature = bytesOf(vector.signature);

const withR = (r: Uint8Array): Uint8Array => Uint8Array.from([...r, ...signature.subarray(32)]);
const withS = (s: bigint): Uint8Array => Uint8Array.from([...signature.subarray(0, 32), ...scalarBytes(s)]);
const negated = (bytes: Uint8Array): Uint8Array =>
  bytes.map((byte, index) => (index === 31 ? byte ^ 0x80 : byte));

describe("isStrictPublicKey", () => {
  test("accepts a point of the prime-order group", () => {
    expect(isStrictPublicKey(publicKey)).toBe(true);
    expect(isStrictPublicKey(curve.Point.BASE.toBytes())).toBe(true);
  });

  test("refuses 31 and 33 bytes", () => {
    expect(isStrictPublicKey(publicKey.slice(0, 31))).toBe(false);
    expect(isStrictPublicKey(Uint8Array.of(...publicKey, 0))).toBe(false);
  });

  test.each(SMALL_ORDER_POINTS.map((point, index) => ({ index, point })))(
    "refuses the small-order point $index, and that point added to a good one",
    ({ index, point }) => {
      expect(isStrictPublicKey(point.toBytes())).toBe(false);
      const mixed = curve.Point.fromBytes(publicKey).add(point).toBytes();
      expect(isStrictPublicKey(mixed)).toBe(index === 0);
    },
  );

  test("refuses a y of p or more, and bytes that are no point", () => {
    // y = p + 3 encodes the same point as y = 3, but not canonically.
    expect(isStrictPublicKey(scalarBytes(FIELD_PRIME + 3n))).toBe(false);
    expect(() => curve.Point.fromBytes(scalarBytes(2n))).toThrow();
    expect(isStrictPublicKey(scalarBytes(2n))).toBe(false);
  });

  test("refuses the sign bit on a point whose x is zero", () => {
    expect(isStrictPublicKey(negated(scalarBytes(1n)))).toBe(false);
  });
});

describe("isStrictSignature", () => {
  test("accepts a signature of 64 bytes, and none of 63 or 65", () => {
    expect(isStrictSignature(signature)).toBe(true);
    expect(isStrictSignature(signature.slice(0, 63))).toBe(false);
    expect(isStrictSignature(Uint8Array.of(...signature, 0))).toBe(false);
  });

  test("accepts an S just below the group order, and none at it or above", () => {
    expect(isStrictSignature(withS(0n))).toBe(true);
    expect(isStrictSignature(withS(GROUP_ORDER - 1n))).toBe(true);
    expect(isStrictSignature(withS(GROUP_ORDER))).toBe(false);
    expect(isStrictSignature(withS(GROUP_ORDER + 1n))).toBe(false);
    expect(isStrictSignature(withS(2n ** 256n - 1n))).toBe(false);
  });

  test("accepts an R whose y is just below p − 1, and none at p or above, whatever its sign bit", () => {
    for (const sign of [(bytes: Uint8Array) => bytes, negated]) {
      expect(isStrictSignature(withR(sign(scalarBytes(FIELD_PRIME - 2n))))).toBe(true);
      expect(isStrictSignature(withR(sign(scalarBytes(FIELD_PRIME))))).toBe(false);
      expect(isStrictSignature(withR(sign(scalarBytes(FIELD_PRIME + 1n))))).toBe(false);
      expect(isStrictSignature(withR(sign(scalarBytes(2n ** 255n - 1n))))).toBe(false);
    }
  });

  test.each(SMALL_ORDER_POINTS.map((point, index) => ({ index, r: point.toBytes() })))(
    "refuses the small-order point $index as R, with either sign bit",
    ({ r }) => {
      expect(isStrictSignature(withR(r))).toBe(false);
      expect(isStrictSignature(withR(negated(r)))).toBe(false);
    },
  );
});
