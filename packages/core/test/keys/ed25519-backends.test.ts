import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { ed25519 as curve } from "@noble/curves/ed25519.js";
import { describe, expect, test } from "vitest";
import { ed25519 as node } from "../../src/keys/ed25519.node.js";
import { ed25519 as portable } from "../../src/keys/ed25519.portable.js";
import { ed25519 as sodium } from "../../src/keys/ed25519.sodium.js";
import type { Ed25519Backend } from "../../src/keys/ed25519-backend.js";
import { isStrictPublicKey, isStrictSignature } from "../../src/keys/strict-ed25519.js";
import {
  challenge,
  GROUP_ORDER,
  integerOf,
  SMALL_ORDER_POINTS,
  scalarBytes,
  signWithNonce,
  times,
} from "../support/curve.js";
import { bytesOf, RFC_8032_VECTORS, RFC_8037, SPECCHECK_CASES } from "../support/vectors.js";

const backends = [
  { name: "node", backend: node },
  { name: "portable", backend: portable },
  { name: "sodium", backend: sodium },
] as const;

const message = bytesOf("6d657373616765");
const privateKey = bytesOf("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
const publicKey = curve.getPublicKey(privateKey);
const [identity, ...torsionPoints] = SMALL_ORDER_POINTS;
if (identity === undefined) throw new Error("there is no identity");

/** Verifies as `Ed25519PublicKey` does with this backend behind it. */
function verdict(backend: Ed25519Backend, key: Uint8Array, text: Uint8Array, signature: Uint8Array): boolean {
  return (
    isStrictPublicKey(key) && isStrictSignature(signature) && backend.prepareVerify(key)(text, signature)
  );
}

function withByte(bytes: Uint8Array, index: number, change: (byte: number) => number): Uint8Array {
  return bytes.map((byte, at) => (at === index ? change(byte) : byte));
}

describe.each(backends)("ed25519 ($name)", ({ backend }) => {
  test.each(RFC_8032_VECTORS)("signs and verifies RFC 8032 §7.1 $name", (vector) => {
    const text = bytesOf(vector.message);
    const signature = bytesOf(vector.signature);
    expect(Buffer.from(backend.prepareSign(bytesOf(vector.privateKey))(text)).toString("hex")).toBe(
      vector.signature,
    );
    expect(verdict(backend, bytesOf(vector.publicKey), text, signature)).toBe(true);
    expect(verdict(backend, bytesOf(vector.publicKey), Uint8Array.of(...text, 0), signature)).toBe(false);
  });

  test("signs and verifies RFC 8037 A.4", () => {
    const text = Uint8Array.from(Buffer.from(RFC_8037.signingInput));
    const signature = Uint8Array.from(Buffer.from(RFC_8037.signature, "base64url"));
    const sign = backend.prepareSign(Uint8Array.from(Buffer.from(RFC_8037.privateJwk.d, "base64url")));
    expect(Buffer.from(sign(text)).toString("base64url")).toBe(RFC_8037.signature);
    expect(
      verdict(backend, Uint8Array.from(Buffer.from(RFC_8037.privateJwk.x, "base64url")), text, signature),
    ).toBe(true);
  });

  test.each(SPECCHECK_CASES)("refuses ed25519-speccheck case $name", (vector) => {
    expect(
      verdict(backend, bytesOf(vector.publicKey), bytesOf(vector.message), bytesOf(vector.signature)),
    ).toBe(false);
  });

  test("accepts a signature with a nonce of the signer's own, which is how the tests below make theirs", () => {
    expect(
      verdict(backend, publicKey, message, signWithNonce(privateKey, message, 12345n, curve.Point.ZERO)),
    ).toBe(true);
  });

  test.each(torsionPoints.map((point, index) => ({ point, multiple: index + 1 })))(
    "refuses an R with $multiple/8 of torsion, which the cofactored equation accepts",
    ({ point }) => {
      const signature = signWithNonce(privateKey, message, 12345n, point);
      expect(curve.verify(signature, message, publicKey)).toBe(true);
      expect(isStrictSignature(signature)).toBe(true);
      expect(verdict(backend, publicKey, message, signature)).toBe(false);
    },
  );

  test("refuses S plus the group order, the classic second signature for one message", () => {
    const signature = backend.prepareSign(privateKey)(message);
    const second = Uint8Array.from([
      ...signature.subarray(0, 32),
      ...scalarBytes(integerOf(signature.subarray(32)) + GROUP_ORDER),
    ]);
    expect(verdict(backend, publicKey, message, signature)).toBe(true);
    expect(verdict(backend, publicKey, message, second)).toBe(false);
  });
});

describe("ed25519 (portable)", () => {
  test("refuses a key that anybody can sign for even without the checks in front of it", () => {
    const nothingSigned = Uint8Array.from([...curve.Point.BASE.toBytes(), ...scalarBytes(1n)]);
    expect(curve.verify(nothingSigned, message, identity.toBytes())).toBe(true);
    expect(portable.prepareVerify(identity.toBytes())(message, nothingSigned)).toBe(false);
  });
});

describe("SPECCHECK_CASES", () => {
  test.each(SPECCHECK_CASES)(
    "case $name has the points, the S and the equations it is known for",
    (vector) => {
      const [key, text, signature] = [vector.publicKey, vector.message, vector.signature].map(bytesOf);
      if (!key || !text || !signature) throw new Error("a case has a key, a message and a signature");
      const r = signature.slice(0, 32);
      const s = integerOf(signature.subarray(32));
      const [a, rPoint] = [key, r].map((bytes) => curve.Point.fromBytes(bytes, true));
      if (!a || !rPoint) throw new Error("A and R are points");
      const difference = times(curve.Point.BASE, s)
        .subtract(rPoint)
        .subtract(times(a, challenge(r, key, text)));

      expect(orderOf(a)).toBe(vector.a.order);
      expect(orderOf(rPoint)).toBe(vector.r.order);
      expect(isCanonical(key)).toBe(vector.a.canonical);
      expect(isCanonical(r)).toBe(vector.r.canonical);
      expect(s < GROUP_ORDER).toBe(vector.sBelowOrder);
      expect(difference.equals(curve.Point.ZERO)).toBe(vector.satisfies === "both");
      expect(times(difference, 8n).equals(curve.Point.ZERO)).toBe(vector.satisfies !== "neither");
    },
  );

  test.each(SPECCHECK_CASES)(
    "case $name is refused by its key or by its signature, before any arithmetic",
    (vector) => {
      const isSoundKey = vector.a.order === "prime" && vector.a.canonical;
      const isSoundSignature = vector.r.order !== "small" && vector.r.canonical && vector.sBelowOrder;
      expect(isStrictPublicKey(bytesOf(vector.publicKey))).toBe(isSoundKey);
      expect(isStrictSignature(bytesOf(vector.signature))).toBe(isSoundSignature);
      expect(isSoundKey && isSoundSignature).toBe(false);
    },
  );

  function orderOf(point: InstanceType<typeof curve.Point>): "small" | "mixed" | "prime" {
    if (point.isSmallOrder()) return "small";
    return point.isTorsionFree() ? "prime" : "mixed";
  }

  function isCanonical(bytes: Uint8Array): boolean {
    return Buffer.from(curve.Point.fromBytes(bytes, true).toBytes()).equals(bytes);
  }
});

describe("every backend", () => {
  const keys = Array.from({ length: 8 }, () => Uint8Array.from(randomBytes(32)));
  const publicKeys = keys.map((privateKey) => curve.getPublicKey(privateKey));
  const randomMessage = (index: number): Uint8Array => Uint8Array.from(randomBytes(index % 97));

  /** Valid signatures, and signatures and keys spoiled in every way that is known to divide implementations. */
  function* inputs(): Generator<readonly [key: Uint8Array, text: Uint8Array, signature: Uint8Array]> {
    for (let index = 0; index < 125; index++) {
      const privateKey = keys[index % keys.length] ?? Uint8Array.of();
      const key = publicKeys[index % keys.length] ?? Uint8Array.of();
      const text = randomMessage(index);
      const signature = node.prepareSign(privateKey)(text);
      const r = signature.subarray(0, 32);
      const s = signature.subarray(32);
      const torsion = SMALL_ORDER_POINTS[index % 8] ?? curve.Point.ZERO;
      const bit = 1 << (index % 8);
      yield [key, text, signature];
      yield [key, Uint8Array.of(...text, 0), signature];
      yield [key, text, withByte(signature, index % 64, (byte) => byte ^ bit)];
      yield [withByte(key, index % 32, (byte) => byte ^ bit), text, signature];
      yield [key, text, signWithNonce(privateKey, text, BigInt(index) + 1n, torsion)];
      yield [curve.Point.fromBytes(key).add(torsion).toBytes(), text, signature];
      yield [key, text, Uint8Array.from([...r, ...scalarBytes(integerOf(s) + GROUP_ORDER)])];
      yield [key, text, Uint8Array.from([...randomBytes(32), ...s])];
    }
    for (let index = 0; index < 1_000; index++) {
      const random = Uint8Array.from(randomBytes(64));
      // Below 2^252 S is below the group order too: without this few would reach a backend.
      const signature = index % 4 === 0 ? withByte(random, 63, (byte) => byte & 0x0f) : random;
      yield [publicKey, message, signature];
    }
    for (const point of SMALL_ORDER_POINTS) {
      const small = point.toBytes();
      for (const r of [
        small,
        withByte(small, 31, (byte) => byte ^ 0x80),
        withByte(small, 0, (byte) => byte ^ 1),
      ]) {
        yield [publicKey, message, Uint8Array.from([...r, ...new Uint8Array(32)])];
        yield [small, message, Uint8Array.from([...r, ...new Uint8Array(32)])];
      }
    }
    for (const s of [0n, 1n, GROUP_ORDER - 1n, GROUP_ORDER, GROUP_ORDER + 1n, 2n ** 255n, 2n ** 256n - 1n]) {
      const r = portable.prepareSign(privateKey)(message).subarray(0, 32);
      yield [publicKey, message, Uint8Array.from([...r, ...scalarBytes(s)])];
    }
    for (const length of [0, 32, 63, 65, 128]) yield [publicKey, message, new Uint8Array(length)];
  }

  /** `isStrictPublicKey`, which costs more than all the rest, once per key as in `Ed25519PublicKey`. */
  const known = new Map<string, boolean>();
  function strictness(key: Uint8Array): boolean {
    const name = Buffer.from(key).toString("hex");
    const isStrict = known.get(name) ?? isStrictPublicKey(key);
    known.set(name, isStrict);
    return isStrict;
  }

  test("gives the same verdict on 2,000 random and edge inputs", { timeout: 30_000 }, () => {
    const verdicts = { accepted: 0, refused: 0 };
    for (const [key, text, signature] of inputs()) {
      const isStrict = strictness(key) && isStrictSignature(signature);
      const expected = isStrict && portable.prepareVerify(key)(text, signature);
      verdicts[expected ? "accepted" : "refused"]++;
      if ((isStrict && node.prepareVerify(key)(text, signature)) !== expected) {
        expect.fail(
          `key ${Buffer.from(key).toString("hex")}, signature ${Buffer.from(signature).toString("hex")}`,
        );
      }
    }
    // As many as are valid by construction: one per round, two more where the torsion is none, the low S.
    expect(verdicts.accepted).toBe(125 + 2 * 16);
    expect(verdicts.refused).toBeGreaterThan(1_800);
  });

  test("makes the same signatures, which each other's verification accepts", () => {
    for (const [index, privateKey] of keys.entries()) {
      const text = randomMessage(index);
      const signature = node.prepareSign(privateKey)(text);
      expect(portable.prepareSign(privateKey)(text)).toEqual(signature);
      expect(verdict(portable, curve.getPublicKey(privateKey), text, signature)).toBe(true);
    }
  });
});
