import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import type { Ed25519Backend } from "./ed25519-backend.js";
import { encodePkcs8, encodeSpki } from "./key-info.js";

/**
 * Ed25519 by Node's own crypto: synchronous, with the key object made once, which is the fastest way Node has.
 * OpenSSL compares R byte by byte with the point it computes, so a signature whose R has a torsion part fails.
 */
export const ed25519: Ed25519Backend = {
  prepareVerify(publicKey) {
    const key = createPublicKey({
      key: Buffer.from(encodeSpki(publicKey)),
      format: "der",
      type: "spki",
    });
    return (message, signature) => verify(null, message, key, signature);
  },
  prepareSign(privateKey) {
    const key = createPrivateKey({
      key: Buffer.from(encodePkcs8(privateKey)),
      format: "der",
      type: "pkcs8",
    });
    return (message) => {
      const { buffer, byteOffset, byteLength } = sign(null, message, key);
      return new Uint8Array(buffer, byteOffset, byteLength);
    };
  },
};
