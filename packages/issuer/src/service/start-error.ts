import { recogniseByBrand } from "@attest/core/internal";

/** Reason why the service cannot start, in one line that says what to do about it. It holds no secret. */
export class StartError extends Error {
  override readonly name = "StartError";

  static {
    recogniseByBrand(StartError, "StartError");
  }
}
