import { AttestationErrorCode } from "@attest/core";
import { printable } from "@attest/core/internal";
import { ADVICE } from "./advice.js";

const CODES: ReadonlySet<unknown> = new Set(Object.values(AttestationErrorCode));

/** A server refused the attestation: at `initialize`, or at a call that needed more trust. */
export class AttestationRejectedError extends Error {
  override readonly name = "AttestationRejectedError";
  /** Why, as the JSON-RPC error code. */
  readonly code: AttestationErrorCode;
  /** What the server said it asks for: its policy, trusted issuers and required claims. As it came: not checked. */
  readonly data: unknown;
  /** What to do about it, in a sentence. */
  readonly advice: string;

  constructor(code: AttestationErrorCode, message: string, data: unknown, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.data = data;
    this.advice = ADVICE[code];
  }
}

/** `error` as an {@link AttestationRejectedError} when it carries an attestation code, otherwise `error` itself. */
export function asRejection(error: unknown): unknown {
  const { code, message, data } = error as {
    readonly code?: unknown;
    readonly message?: unknown;
    readonly data?: unknown;
  };
  if (!(error instanceof Error) || !CODES.has(code)) return error;
  // The SDK puts its own prefix before what the server said, which is anything, control characters too.
  const sentence = printable(String(message).replace(/^MCP error -?\d+: /, ""));
  return new AttestationRejectedError(code as AttestationErrorCode, sentence, data, { cause: error });
}
