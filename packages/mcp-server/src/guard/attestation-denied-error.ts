import { AttestationError, type AttestationErrorCode, type AttestationErrorOptions } from "@attest/core";
import { recogniseByBrand } from "@attest/core/internal";
import type { JsonObject } from "@attest/core/wire";

/** A guard's refusal. The SDK sends `code`, `message` and `data` to the client as a JSON-RPC error. */
export class AttestationDeniedError extends AttestationError {
  override readonly name = "AttestationDeniedError";
  readonly data: JsonObject | undefined;

  static {
    recogniseByBrand(AttestationDeniedError, "AttestationDeniedError");
  }

  constructor(
    code: AttestationErrorCode,
    detail: string,
    data: JsonObject | undefined,
    options?: AttestationErrorOptions,
  ) {
    super(code, detail, options);
    this.data = data;
  }
}
