import { Ed25519PublicKey, KeyPair, type Signer } from "@attest/core";
import { kindOf, membersOf, type Option } from "@attest/core/internal";

/** A key that an agent proves the possession of: a `KeyPair`, or a `Signer` of a KMS or HSM beside its public key. */
export interface ProofKey extends Signer {
  readonly publicKey: Ed25519PublicKey;
}

/** Reads a {@link ProofKey}. */
export const proofKeyOption: Option<ProofKey> = (value, name) => {
  const { sign, alg, publicKey } = membersOf(value);
  const isSigner = typeof sign === "function" && (alg === "EdDSA" || alg === "Ed25519");
  if (isSigner && publicKey instanceof Ed25519PublicKey) return value as ProofKey;
  throw new TypeError(
    `${name} must be a KeyPair, or another Signer with its publicKey: { kid, alg, publicKey, sign(message) }, got ${kindOf(value)}`,
  );
};

/**
 * Returns the key that a client proves with: the one that it is given, one of its own, or none.
 *
 * @throws {TypeError} when the options contradict one another.
 */
export function proofKeyOf(
  proofOfPossession: boolean | undefined,
  key: ProofKey | undefined,
): ProofKey | undefined {
  if (proofOfPossession === false && key !== undefined) {
    throw new TypeError("key is of no use beside proofOfPossession: false");
  }
  return key ?? (proofOfPossession === true ? KeyPair.generate() : undefined);
}
