import { AttestationError, type AttestationErrorCode, type AttestationErrorOptions } from "@attest/core";
import type { JsonObject } from "@attest/core/wire";

/** A guard's refusal. The SDK sends `code`, `message` and `data` to the client as a JSON-RPC error. */
export class AttestationDeniedError extends AttestationError {
  readonly data: JsonObject | undefined;

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
