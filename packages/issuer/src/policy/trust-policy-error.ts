import { recogniseByBrand } from "@attest/core/internal";

/** Refusal of a trust policy. The message says where in it what is wrong, and what to write instead. */
export class TrustPolicyError extends Error {
  override readonly name = "TrustPolicyError";

  static {
    recogniseByBrand(TrustPolicyError, "TrustPolicyError");
  }
}
