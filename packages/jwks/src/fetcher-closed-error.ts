/** A lookup that came after its fetcher was closed, or was waiting when it was. */
export class FetcherClosedError extends Error {
  override readonly name = "FetcherClosedError";

  constructor() {
    super("the fetcher is closed");
  }
}
