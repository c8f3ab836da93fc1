import { recogniseByBrand } from "@attest/core/internal";

export interface TokenSourceErrorOptions {
  readonly cause?: unknown;
  readonly status?: number | undefined;
  readonly error?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
}

/**
 * Failure to get a token: from the platform, from a command, or from an issuer in exchange. The message says what to do
 * about it. It holds no token, and nothing of what another program answered.
 */
export class TokenSourceError extends Error {
  override readonly name = "TokenSourceError";
  /** HTTP status of the answer, where there was one. */
  readonly status: number | undefined;
  /** Code by which the issuer refused the exchange (RFC 6749 §5.2), such as `invalid_grant`. */
  readonly error: string | undefined;
  /** Time, in seconds, for which another attempt is useless, where the issuer says so (RFC 9110 §10.2.3). */
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, { cause, status, error, retryAfterSeconds }: TokenSourceErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.status = status;
    this.error = error;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  static {
    recogniseByBrand(TokenSourceError, "TokenSourceError");
  }
}
