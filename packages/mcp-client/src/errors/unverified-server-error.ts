import type { VerificationStatus } from "@attest/core";
import { isInstance, markWith } from "./brand.js";

const BRAND = Symbol.for("@attest/UnverifiedServerError");

/** A server that did not verify this agent, although `requireVerification` was set. */
export class UnverifiedServerError extends Error {
  override readonly name = "UnverifiedServerError";
  /** The server's word on the attestation; `not_provided` when the server says nothing. */
  readonly verificationStatus: VerificationStatus;

  constructor(verificationStatus: VerificationStatus) {
    super(`the server did not verify this agent: it says "${verificationStatus}"`);
    this.verificationStatus = verificationStatus;
    markWith(BRAND, this);
  }

  /** Whether `value` is such an error, of this copy of the package or any other. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: a derived class is asked as itself
    return isInstance(value, this, UnverifiedServerError, BRAND);
  }
}
