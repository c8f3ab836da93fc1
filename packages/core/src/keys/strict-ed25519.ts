import { ed25519 as curve } from "@noble/curves/ed25519.js";

/**
 * Rules that RFC 8032 leaves to the verifier and implementations disagree on, decided once, in front of every
 * backend: S below the group order, A and R canonical and not of small order, A without a torsion part.
 * ("Taming the many EdDSAs", Chalkias, Garillot and Nikolaenko, 2020.)
 */

const SIGNATURE_BYTES = 64;

/** The group order L = 2^252 + 27742317777372353535851937790883648493 (RFC 8032 §5.1), little-endian. */
const GROUP_ORDER = littleEndian(curve.Point.Fn.ORDER);
/** The field's prime p = 2^255 − 19, little-endian. */
const FIELD_PRIME = littleEndian(curve.Point.Fp.ORDER);

/** The y of the eight points whose order divides the cofactor; ±x share a y, so there are five. */
const SMALL_ORDER_Y: readonly Uint8Array[] = smallOrderY();

/** Whether 32 bytes are a public key to trust: a canonical point of the prime-order group, not its identity. */
export function isStrictPublicKey(publicKey: Uint8Array): boolean {
  try {
    // Throws for another length, for an encoding that is not canonical and for what is no point.
    const point = curve.Point.fromBytes(publicKey);
    return !point.isSmallOrder() && point.isTorsionFree();
  } catch {
    return false;
  }
}

/** Whether 64 bytes have the form of a signature: R canonical and not of small order, S below the group order. */
export function isStrictSignature(signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES) return false;
  const topOfY = (signature[31] ?? 0) & 0x7f;
  return (
    isBelow(signature, 32, signature[63] ?? 0, GROUP_ORDER) &&
    isBelow(signature, 0, topOfY, FIELD_PRIME) &&
    !SMALL_ORDER_Y.some((small) => isEqual(signature, topOfY, small))
  );
}

/** Whether the 32 bytes at `start`, with `top` in the place of the last, are less than `limit`, all little-endian. */
function isBelow(bytes: Uint8Array, start: number, top: number, limit: Uint8Array): boolean {
  if (top !== limit[31]) return top < (limit[31] ?? 0);
  for (let index = 30; index >= 0; index--) {
    const difference = (bytes[start + index] ?? 0) - (limit[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** Whether the first 32 bytes, with `top` in the place of the last, are `other`. */
function isEqual(bytes: Uint8Array, top: number, other: Uint8Array): boolean {
  if (top !== other[31]) return false;
  for (let index = 0; index < 31; index++) if (bytes[index] !== other[index]) return false;
  return true;
}

function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn));
}

/**
 * y of a point of order 8, from which its multiples give the rest: p − y for its negative's other pair, 0 for
 * order 4, 1 and p − 1 for orders 1 and 2.
 */
function smallOrderY(): Uint8Array[] {
  const p = curve.Point.Fp.ORDER;
  const y8 = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
  return [0n, 1n, p - 1n, y8, p - y8].map(littleEndian);
}
