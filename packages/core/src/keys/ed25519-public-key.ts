import type { SignatureAlgorithm } from "../constants.js";
import { decodeBase64url, encodeBase64url } from "../encoding/base64url.js";
import { bytesOf } from "../encoding/bytes.js";
import { kindOf } from "../printable.js";
import { currentBackend } from "./current-backend.js";
import { decodeSpki, encodeSpki } from "./key-info.js";
import { decodePem, encodePem } from "./pem.js";
import { isStrictPublicKey, isStrictSignature } from "./strict-ed25519.js";
import { thumbprintOf } from "./thumbprint.js";

/** Public Ed25519 key as a JSON Web Key (RFC 8037 §2). `x` is the key's 32 bytes in base64url. */
export interface Ed25519PublicJwk {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  readonly x: string;
  readonly alg?: SignatureAlgorithm;
  readonly kid?: string;
}

const BRAND = Symbol.for("@attest/Ed25519PublicKey");
const PEM_LABEL = "PUBLIC KEY";
const WANTED_PEM = "an Ed25519 public key in SubjectPublicKeyInfo PEM";

/**
 * Public key that is safe to verify with: its point is canonical, not of small order and free of torsion. That is checked
 * once, here.
 */
export class Ed25519PublicKey {
  readonly #bytes: Uint8Array;
  readonly #verify: (message: Uint8Array, signature: Uint8Array) => boolean;

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#verify = currentBackend().prepareVerify(bytes);
    Object.defineProperty(this, BRAND, { value: true });
  }

  /**
   * Returns the key of 32 raw bytes (RFC 8032 §5.1.2).
   *
   * @throws {TypeError} when they are not a public key that can be trusted.
   */
  static fromBytes(bytes: Uint8Array | ArrayBuffer): Ed25519PublicKey {
    const given = bytesOf(bytes);
    if (given === undefined) throw new TypeError(`bytes must be a Uint8Array, got ${kindOf(bytes)}`);
    if (!isStrictPublicKey(given)) {
      throw new TypeError(
        "an Ed25519 public key is 32 bytes that encode, canonically, a point of the prime-order group (RFC 8032 §5.1)",
      );
    }
    return new Ed25519PublicKey(Uint8Array.from(given));
  }

  /**
   * Returns the key of a JSON Web Key (RFC 8037 §2). Members that say nothing about the key itself are ignored.
   *
   * @throws {TypeError} when it is not a public Ed25519 key.
   */
  static fromJwk(jwk: {
    readonly kty?: unknown;
    readonly crv?: unknown;
    readonly x?: unknown;
  }): Ed25519PublicKey {
    if (typeof jwk !== "object" || jwk === null)
      throw new TypeError(`jwk must be an object, got ${kindOf(jwk)}`);
    if (jwk.kty !== "OKP" || jwk.crv !== "Ed25519")
      throw new TypeError('jwk must have kty "OKP" and crv "Ed25519"');
    const bytes = typeof jwk.x === "string" ? decodeBase64url(jwk.x) : undefined;
    if (bytes === undefined) throw new TypeError("jwk.x must be base64url without padding");
    return Ed25519PublicKey.fromBytes(bytes);
  }

  /**
   * Returns the key of a PEM SubjectPublicKeyInfo, `-----BEGIN PUBLIC KEY-----` (RFC 8410 §4). Text around it is passed over.
   *
   * @throws {TypeError} when it is not a public Ed25519 key.
   */
  static fromPem(pem: string): Ed25519PublicKey {
    const bytes = decodeSpki(decodePem(PEM_LABEL, WANTED_PEM, pem));
    if (bytes === undefined)
      throw new TypeError(`pem must be ${WANTED_PEM}, got a block without an Ed25519 key`);
    return Ed25519PublicKey.fromBytes(bytes);
  }

  /** Whether `value` is an {@link Ed25519PublicKey}, of this copy of the package or any other. */
  static [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && (value as { [BRAND]?: unknown })[BRAND] === true;
  }

  /** Whether `signature` is this key's over `message` (RFC 8032 §5.1.7, strict; the same verdict on every runtime). */
  verify(message: Uint8Array, signature: Uint8Array): boolean {
    return isStrictSignature(signature) && this.#verify(message, signature);
  }

  /** Returns the key's 32 raw bytes. */
  toBytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  /** Returns the key as a JSON Web Key (RFC 8037 §2), with `kid` if given. */
  toJwk(kid?: string): Ed25519PublicJwk {
    const jwk = { kty: "OKP", crv: "Ed25519", x: encodeBase64url(this.#bytes) } as const;
    return kid === undefined ? jwk : { ...jwk, kid };
  }

  /** Returns the key as a PEM SubjectPublicKeyInfo (RFC 8410 §4). */
  toPem(): string {
    return encodePem(PEM_LABEL, encodeSpki(this.#bytes));
  }

  /** Returns the key's JWK thumbprint: base64url SHA-256 (RFC 7638 §3, RFC 8037 §2). */
  thumbprint(): string {
    return thumbprintOf(encodeBase64url(this.#bytes));
  }
}
