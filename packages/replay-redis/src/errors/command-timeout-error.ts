import { recogniseByBrand } from "@attest/core/internal";

/** Redis gave no answer in time. Whether it executed the command, or will, is not known. */
export class CommandTimeoutError extends Error {
  override readonly name = "CommandTimeoutError";

  static {
    recogniseByBrand(CommandTimeoutError, "CommandTimeoutError");
  }

  /** @param seconds the time that was waited */
  constructor(seconds: number) {
    super(`Redis gave no answer within ${Number(seconds.toFixed(3))} seconds`);
  }
}
