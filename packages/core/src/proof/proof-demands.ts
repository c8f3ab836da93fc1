import type { ProofPolicy } from "../proof-policy.js";
import type { NonceSource } from "./nonce-source.js";

/** Demands on proofs of possession, as a verifier tells its gate. */
export interface ProofDemands {
  readonly policy: ProofPolicy;
  /** The URLs that proofs have to be for; `null` for any. */
  readonly endpoints: readonly string[] | null;
  /** Whether proofs have to name the OAuth access token that travels with the request. */
  readonly bindUser: boolean;
  /** The nonces that proofs have to carry; `null` for none. */
  readonly challenge: NonceSource | null;
}
