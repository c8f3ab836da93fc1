import type { VerificationStatus } from "@attest/core";
import { recogniseByBrand } from "@attest/core/internal";

/** A server that did not verify this agent, although `requireVerification` was set. */
export class UnverifiedServerError extends Error {
  override readonly name = "UnverifiedServerError";
  /** The server's word on the attestation; `not_provided` when the server says nothing. */
  readonly verificationStatus: VerificationStatus;

  constructor(verificationStatus: VerificationStatus) {
    super(`the server did not verify this agent: it says "${verificationStatus}"`);
    this.verificationStatus = verificationStatus;
  }

  static {
    recogniseByBrand(UnverifiedServerError, "UnverifiedServerError");
  }
}
