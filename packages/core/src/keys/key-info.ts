import { type DerElement, readDer, readDerInside, Tag, writeDer } from "./der.js";

/*
 * Ed25519 keys as X.509 and PKCS#8 wrap them (RFC 8410). Each is read or refused as a whole: `undefined` is returned for
 * another structure, and for the key of another algorithm.
 */

const KEY_BYTES = 32;
/** 1.3.101.112, id-Ed25519 (RFC 8410 §3). */
const ED25519: readonly number[] = [0x2b, 0x65, 0x70];
const ALGORITHM = writeDer(Tag.SEQUENCE, writeDer(Tag.OID, ED25519));
/** Optional members of a private key (RFC 5958 §2): attributes, and the public key, which old encoders wrap once more. */
const ATTRIBUTES = 0xa0;
const PUBLIC_KEY = 0x81;
const WRAPPED_PUBLIC_KEY = 0xa1;

/** Private key with the public key that stood beside it, if one did. */
export interface PrivateKeyInfo {
  readonly privateKey: Uint8Array<ArrayBuffer>;
  readonly publicKey: Uint8Array | undefined;
}

/** Returns the SubjectPublicKeyInfo of a public key (RFC 8410 §4). */
export function encodeSpki(publicKey: Uint8Array): Uint8Array {
  return writeDer(Tag.SEQUENCE, ALGORITHM, writeDer(Tag.BIT_STRING, [0], publicKey));
}

/** Returns the public key of a SubjectPublicKeyInfo (RFC 8410 §4). */
export function decodeSpki(der: Uint8Array): Uint8Array | undefined {
  const [algorithm, key, ...others] = readDerInside(Tag.SEQUENCE, der) ?? [];
  if (!isEd25519(algorithm) || key?.tag !== Tag.BIT_STRING || others.length > 0) return undefined;
  return readBits(key.content);
}

/** Returns the PKCS#8 PrivateKeyInfo of a private key (RFC 8410 §7). */
export function encodePkcs8(privateKey: Uint8Array): Uint8Array {
  const key = writeDer(Tag.OCTET_STRING, writeDer(Tag.OCTET_STRING, privateKey));
  return writeDer(Tag.SEQUENCE, writeDer(Tag.INTEGER, [0]), ALGORITHM, key);
}

/** Returns the key of a PKCS#8 PrivateKeyInfo, version 1 or 2 (RFC 5958 §2, RFC 8410 §7). Attributes are ignored. */
export function decodePkcs8(der: Uint8Array): PrivateKeyInfo | undefined {
  const [version, algorithm, key, ...optional] = readDerInside(Tag.SEQUENCE, der) ?? [];
  if (version?.tag !== Tag.INTEGER || version.content.length !== 1 || (version.content[0] ?? 2) > 1) {
    return undefined;
  }
  if (!isEd25519(algorithm) || key?.tag !== Tag.OCTET_STRING) return undefined;
  const [seed, ...others] = readDer(key.content) ?? [];
  if (seed?.tag !== Tag.OCTET_STRING || seed.content.length !== KEY_BYTES || others.length > 0) {
    return undefined;
  }
  const [publicElement, ...beyond] = optional[0]?.tag === ATTRIBUTES ? optional.slice(1) : optional;
  const publicKey = publicElement && readPublicMember(publicElement);
  if (beyond.length > 0 || (publicElement !== undefined && publicKey === undefined)) return undefined;
  return { privateKey: Uint8Array.from(seed.content), publicKey };
}

function readPublicMember({ tag, content }: DerElement): Uint8Array | undefined {
  if (tag === PUBLIC_KEY) return readBits(content);
  const [inner, ...others] = (tag === WRAPPED_PUBLIC_KEY && readDer(content)) || [];
  return inner?.tag === Tag.BIT_STRING && others.length === 0 ? readBits(inner.content) : undefined;
}

/** Returns the key in a bit string, whose first byte says how many bits of the last one are unused. */
function readBits(content: Uint8Array): Uint8Array | undefined {
  return content.length === KEY_BYTES + 1 && content[0] === 0 ? content.subarray(1) : undefined;
}

/** Whether an element identifies Ed25519, which has no parameters (RFC 8410 §3). */
function isEd25519(element: DerElement | undefined): boolean {
  if (element?.tag !== Tag.SEQUENCE) return false;
  const [oid, ...parameters] = readDer(element.content) ?? [];
  return (
    oid?.tag === Tag.OID &&
    parameters.length === 0 &&
    oid.content.length === ED25519.length &&
    ED25519.every((byte, index) => oid.content[index] === byte)
  );
}
