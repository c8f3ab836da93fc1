/** Client errors that are worth asking again for: time-out, too early, too many requests (RFC 9110 §15.5.9, RFC 8470, RFC 6585). */
const PASSING = [408, 425, 429];

/** An issuer answered with another status than 200. */
export class UnexpectedStatusError extends Error {
  override readonly name = "UnexpectedStatusError";
  readonly status: number;
  /** For how long the issuer asks not to be asked again, in seconds (`Retry-After`, RFC 9110 §10.2.3). */
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, retryAfterSeconds?: number) {
    super(`answered with status ${status}; only 200 is accepted, and redirects are not followed`);
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** Whether another attempt may find it otherwise. */
  get isPassing(): boolean {
    return this.status >= 500 || PASSING.includes(this.status);
  }
}
