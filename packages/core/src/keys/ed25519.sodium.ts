import sodium from "sodium-native";
import type { Ed25519Backend } from "./ed25519-backend.js";

/**
 * Ed25519 by libsodium. Like OpenSSL it compares R byte by byte with the point it computes, so a signature whose
 * R has a torsion part fails.
 */
export const ed25519: Ed25519Backend = {
  prepareVerify(publicKey) {
    return (message, signature) => sodium.crypto_sign_verify_detached(signature, message, publicKey);
  },
  prepareSign(privateKey) {
    const expanded = new Uint8Array(sodium.crypto_sign_SECRETKEYBYTES);
    sodium.crypto_sign_seed_keypair(new Uint8Array(sodium.crypto_sign_PUBLICKEYBYTES), expanded, privateKey);
    return (message) => {
      const signature = new Uint8Array(sodium.crypto_sign_BYTES);
      sodium.crypto_sign_detached(signature, message, expanded);
      return signature;
    };
  },
};
