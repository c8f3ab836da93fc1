import {
  type Ed25519PublicKey,
  InMemoryReplayCache,
  isAttestationError,
  verifyConfirmation,
} from "@attest/core";
import type { AttestationRequest } from "./attestation-request.js";

/** The key that a token is to be bound to, if any; or what is wrong with its proof. */
type Confirmed =
  | { readonly key: Ed25519PublicKey | undefined; readonly problem?: undefined }
  | { readonly problem: string };

/** Binds tokens to keys that agents prove to have: for this provider, this very request, and once. */
export class Confirmations {
  readonly #issuer: string;
  readonly #used = new InMemoryReplayCache();

  constructor(issuer: string) {
    this.#issuer = issuer;
  }

  /** Verifies the proof in `request`, of the agent with this API key. A request without a key asks for no binding. */
  async confirm(
    { audience, confirmationKey, confirmationProof = "" }: AttestationRequest,
    apiKey = "",
  ): Promise<Confirmed> {
    if (confirmationKey === undefined) return { key: undefined };
    try {
      const { key, use } = verifyConfirmation({
        proof: confirmationProof,
        confirmationKey,
        token: apiKey,
        audience: this.#issuer,
        url: new URL("/v1/attestations", this.#issuer).href,
        request: { method: "token", params: { audience } },
      });
      return this.#used.checkAndAdd(use.id, use.until) ? { key } : { problem: "was used before" };
    } catch (error) {
      if (!isAttestationError(error)) throw error;
      return { problem: "must prove, now and for this request, that you have the key: see the README" };
    }
  }
}
