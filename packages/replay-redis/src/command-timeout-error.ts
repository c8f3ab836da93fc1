/** Redis gave no answer in time. What it did, or will do, is not known. */
export class CommandTimeoutError extends Error {
  override readonly name = "CommandTimeoutError";

  /** @param seconds how long was waited */
  constructor(seconds: number) {
    super(`Redis gave no answer within ${Number(seconds.toFixed(3))} seconds`);
  }
}
