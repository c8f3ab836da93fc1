import { createHash } from "node:crypto";
import { ed25519 as curve } from "@noble/curves/ed25519.js";

type Point = InstanceType<typeof curve.Point>;

export const GROUP_ORDER: bigint = curve.Point.Fn.ORDER;

/** The eight points whose order divides the cofactor, the identity first. */
export const SMALL_ORDER_POINTS: readonly Point[] = smallOrderPoints();

/** The integer that little-endian `bytes` encode. */
export function integerOf(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** `value` as 32 little-endian bytes. */
export function scalarBytes(value: bigint): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: 32 }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn));
}

/** `scalar` times `point`, whatever its order: noble's own refuses zero and takes scalars modulo the group order. */
export function times(point: Point, scalar: bigint): Point {
  let product = curve.Point.ZERO;
  let power = point;
  for (let left = scalar; left > 0n; left >>= 1n) {
    if (left & 1n) product = product.add(power);
    power = power.double();
  }
  return product;
}

/** The hash H(R, A, M) of RFC 8032 §5.1.7, over the encodings as they stand. */
export function challenge(r: Uint8Array, publicKey: Uint8Array, message: Uint8Array): bigint {
  return integerOf(createHash("sha512").update(r).update(publicKey).update(message).digest()) % GROUP_ORDER;
}

/** A signature that the key's owner makes with `r` of their own choosing in place of the one the RFC prescribes. */
export function signWithNonce(
  privateKey: Uint8Array,
  message: Uint8Array,
  nonce: bigint,
  offset: Point,
): Uint8Array<ArrayBuffer> {
  const { scalar, pointBytes } = curve.utils.getExtendedPublicKey(privateKey);
  const r = curve.Point.BASE.multiply(nonce).add(offset).toBytes();
  const s = (nonce + challenge(r, pointBytes, message) * scalar) % GROUP_ORDER;
  return Uint8Array.from([...r, ...scalarBytes(s)]);
}

function smallOrderPoints(): readonly Point[] {
  for (let y = 2n; ; y++) {
    const point = decode(scalarBytes(y));
    const torsion = point && times(point, GROUP_ORDER);
    if (torsion && !times(torsion, 4n).equals(curve.Point.ZERO)) {
      return Array.from({ length: 8 }, (_, index) => times(torsion, BigInt(index)));
    }
  }
}

function decode(bytes: Uint8Array): Point | undefined {
  try {
    return curve.Point.fromBytes(bytes);
  } catch {
    return undefined;
  }
}
