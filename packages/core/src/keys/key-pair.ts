import { ed25519 as curve } from "@noble/curves/ed25519.js";
import type { SignatureAlgorithm } from "../constants.js";
import { decodeBase64url, encodeBase64url } from "../encoding/base64url.js";
import type { Signer } from "../ports.js";
import { kindOf } from "../printable.js";
import { randomBytes } from "../random.js";
import { currentBackend } from "./current-backend.js";
import { type Ed25519PublicJwk, Ed25519PublicKey } from "./ed25519-public-key.js";
import { isKeyId } from "./key-id.js";
import { decodePkcs8, encodePkcs8 } from "./key-info.js";
import { decodePem, encodePem } from "./pem.js";

/** Private Ed25519 key as a JSON Web Key (RFC 8037 §2). `d` is the private key's 32 bytes in base64url. */
export interface Ed25519PrivateJwk extends Ed25519PublicJwk {
  readonly kid: string;
  readonly d: string;
}

const PEM_LABEL = "PRIVATE KEY";
const WANTED_PEM = "an unencrypted Ed25519 private key in PKCS#8 PEM";
const PRIVATE_KEY_BYTES = 32;

/**
 * Ed25519 key pair with its key id. The private key leaves it only through `toPrivateJwk` and `toPem`:
 * never through JSON, `toString` or inspection.
 */
export class KeyPair implements Signer {
  readonly kid: string;
  readonly alg: SignatureAlgorithm = "EdDSA";
  readonly publicKey: Ed25519PublicKey;
  readonly #privateKey: Uint8Array;
  readonly #sign: (message: Uint8Array) => Uint8Array;

  private constructor(privateKey: Uint8Array, publicKey: Ed25519PublicKey, kid: string) {
    if (!isKeyId(kid)) throw new TypeError(`kid must be a string of 1 to 256 characters, got ${kindOf(kid)}`);
    this.kid = kid;
    this.publicKey = publicKey;
    this.#privateKey = privateKey;
    this.#sign = currentBackend().prepareSign(privateKey);
  }

  /** Makes a new key pair from the platform's secure randomness. Without `kid` the RFC 7638 thumbprint names it. */
  static generate(kid?: string): KeyPair {
    return KeyPair.#of(randomBytes(PRIVATE_KEY_BYTES), kid);
  }

  /**
   * Returns the key pair of a private JSON Web Key (RFC 8037 §2). Without `kid` the RFC 7638 thumbprint names it.
   *
   * @throws {TypeError} when it is not a private Ed25519 key, or its `x` is not the public key of its `d`.
   */
  static fromJwk(jwk: {
    readonly kty?: unknown;
    readonly crv?: unknown;
    readonly x?: unknown;
    readonly d?: unknown;
    readonly kid?: unknown;
  }): KeyPair {
    const publicKey = Ed25519PublicKey.fromJwk(jwk);
    const privateKey = typeof jwk.d === "string" ? decodeBase64url(jwk.d) : undefined;
    if (privateKey?.length !== PRIVATE_KEY_BYTES)
      throw new TypeError("jwk.d must be 32 bytes in base64url without padding");
    if (jwk.kid !== undefined && typeof jwk.kid !== "string")
      throw new TypeError(`jwk.kid must be a string, got ${kindOf(jwk.kid)}`);
    const keyPair = KeyPair.#of(privateKey, jwk.kid);
    if (keyPair.publicKey.thumbprint() !== publicKey.thumbprint()) {
      throw new TypeError("jwk.x is not the public key of jwk.d");
    }
    return keyPair;
  }

  /**
   * Returns the key pair of a PEM PKCS#8 private key, `-----BEGIN PRIVATE KEY-----` (RFC 5958, RFC 8410 §7), as
   * `openssl genpkey -algorithm ed25519` writes it. Text around it is passed over, and so are attributes in it.
   *
   * @throws {TypeError} when there is no such key in it, or the public key in it belongs to another one.
   */
  static fromPem(pem: string, kid?: string): KeyPair {
    const info = decodePkcs8(decodePem(PEM_LABEL, WANTED_PEM, pem));
    if (info === undefined)
      throw new TypeError(`pem must be ${WANTED_PEM}, got a block without an Ed25519 key`);
    const keyPair = KeyPair.#of(info.privateKey, kid);
    if (info.publicKey && encodeBase64url(info.publicKey) !== keyPair.publicKey.toJwk().x) {
      throw new TypeError("pem holds a public key that is not the private key's own");
    }
    return keyPair;
  }

  static #of(privateKey: Uint8Array, kid: string | undefined): KeyPair {
    const publicKey = Ed25519PublicKey.fromBytes(curve.getPublicKey(privateKey));
    return new KeyPair(privateKey, publicKey, kid ?? publicKey.thumbprint());
  }

  /** Returns the 64-byte Ed25519 signature over `message` (RFC 8032 §5.1.6). */
  sign(message: Uint8Array): Uint8Array {
    return this.#sign(message);
  }

  /** Returns the public key as a JSON Web Key, as a provider publishes it. */
  toJwk(): Ed25519PublicJwk & { readonly kid: string } {
    return { ...this.publicKey.toJwk(), kid: this.kid };
  }

  /** Returns the private key as a JSON Web Key: a secret. */
  toPrivateJwk(): Ed25519PrivateJwk {
    return { ...this.toJwk(), d: encodeBase64url(this.#privateKey) };
  }

  /** Returns the private key as PKCS#8 PEM (RFC 8410 §7): a secret. */
  toPem(): string {
    return encodePem(PEM_LABEL, encodePkcs8(this.#privateKey));
  }
}
