import { AttestationError, type AttestationErrorCode, type AttestationErrorOptions } from "@attest/core";
import type { RefusalData } from "@attest/core/internal";

/** A guard's refusal. The SDK sends `code`, `message` and `data` to the client as a JSON-RPC error. */
export class AttestationDeniedError extends AttestationError {
  readonly data: RefusalData | undefined;

  constructor(
    code: AttestationErrorCode,
    detail: string,
    data: RefusalData | undefined,
    options?: AttestationErrorOptions,
  ) {
    super(code, detail, options);
    this.data = data;
  }
}
