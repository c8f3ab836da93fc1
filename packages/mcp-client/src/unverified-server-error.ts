import type { VerificationStatus } from "@attest/core";

/** The server did not verify this agent, and the session was to be with one that does (`requireVerification`). */
export class UnverifiedServerError extends Error {
  override readonly name = "UnverifiedServerError";
  /** What the server says became of the attestation; `not_provided` when it says nothing. */
  readonly verificationStatus: VerificationStatus;

  constructor(verificationStatus: VerificationStatus) {
    super(`the server did not verify this agent: it says "${verificationStatus}"`);
    this.verificationStatus = verificationStatus;
  }
}
