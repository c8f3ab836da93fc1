import { recogniseByBrand } from "@attest/core/internal";

/** Client errors that may pass: time-out, too early, too many requests (RFC 9110 §15.5.9, RFC 8470, RFC 6585). */
const PASSING = [408, 425, 429];

/**
 * Refusal of an answer that holds no usable key set, or of a place that keys must not come from. Another attempt would
 * end the same way, so there is none.
 */
export class KeySetRefusedError extends Error {
  override readonly name = "KeySetRefusedError";

  static {
    recogniseByBrand(KeySetRefusedError, "KeySetRefusedError");
  }
}

/** Answer of an issuer with another status than 200. */
export class UnexpectedStatusError extends Error {
  override readonly name = "UnexpectedStatusError";

  static {
    recogniseByBrand(UnexpectedStatusError, "UnexpectedStatusError");
  }

  /** HTTP status of the answer. */
  readonly status: number;
  /** Time, in seconds, for which the issuer asks for no further request (`Retry-After`, RFC 9110 §10.2.3). */
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, retryAfterSeconds?: number) {
    super(`the issuer answered with status ${status}; only 200 is accepted, and redirects are not followed`);
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** Whether another attempt may end otherwise. */
  get isPassing(): boolean {
    return this.status >= 500 || PASSING.includes(this.status);
  }
}

/** Refusal of a look-up by a fetcher that was closed before or during it. */
export class FetcherClosedError extends Error {
  override readonly name = "FetcherClosedError";

  static {
    recogniseByBrand(FetcherClosedError, "FetcherClosedError");
  }

  constructor() {
    super("the fetcher is closed");
  }
}
