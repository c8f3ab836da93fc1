import { ed25519 as noble } from "@noble/curves/ed25519.js";
import type { Ed25519Backend } from "./ed25519-backend.js";

/** Ed25519 by noble, for runtimes without a synchronous one of their own. */
export const ed25519: Ed25519Backend = {
  prepareVerify(publicKey) {
    return (message, signature) =>
      noble.verify(signature, message, publicKey, { zip215: false }) &&
      // noble multiplies by the cofactor, which hides a torsion part in R that RFC 8032 §8.9's stricter
      // equation, and every other backend, refuses.
      noble.Point.fromBytes(signature.subarray(0, 32)).isTorsionFree();
  },
  prepareSign(privateKey) {
    return (message) => noble.sign(message, privateKey);
  },
};
