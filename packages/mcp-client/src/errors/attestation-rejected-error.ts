import { AttestationError, AttestationErrorCode } from "@attest/core";
import { recogniseByBrand } from "@attest/core/internal";
import { readRefusal } from "@attest/core/wire";
import { adviceFor } from "./advice.js";

const CODES: ReadonlySet<unknown> = new Set(Object.values(AttestationErrorCode));

/**
 * A server's refusal of the attestation: at `initialize`, or at a call that needed more trust.
 *
 * The printed text comes from this package, never from the server, whose text may hold control characters or the
 * token that it was sent. The message is the fixed sentence of `code`.
 */
export class AttestationRejectedError extends Error {
  override readonly name = "AttestationRejectedError";
  /** The reason, as the JSON-RPC error code. */
  readonly code: AttestationErrorCode;
  /** The remedy, in a sentence. */
  readonly advice: string;
  /**
   * The server's requirements: its policy, trusted issuers, required claims and, with 1005, 1009 and 1012, the names
   * that it verifies as its audience. As the server sent it, not checked, and therefore not printed with the error.
   */
  declare readonly data: unknown;

  /** @throws {RangeError} when `code` is not one of `AttestationErrorCode`. */
  constructor(code: AttestationErrorCode, data?: unknown) {
    super(new AttestationError(code).message);
    this.code = code;
    this.advice = adviceFor(code);
    Object.defineProperty(this, "data", { value: data });
  }

  static {
    recogniseByBrand(AttestationRejectedError, "AttestationRejectedError");
  }
}

/**
 * Returns `error` as an {@link AttestationRejectedError} when it is a refusal, and otherwise `error` itself. After
 * `initialize` an attestation code alone does not make a refusal: a tool may have codes of its own.
 */
export function asRejection(error: unknown, method: string): unknown {
  if (!(error instanceof Error)) return error;
  const { code, data } = error as { readonly code?: unknown; readonly data?: unknown };
  const isRefusal = method === "initialize" ? CODES.has(code) : readRefusal(error) !== undefined;
  return isRefusal ? new AttestationRejectedError(code as AttestationErrorCode, data) : error;
}
