import type { PlatformKey } from "../platforms/platform-key.js";

/** Keys of one platform. What happens to another platform's does not touch them. */
export interface PlatformKeys {
  /**
   * Returns the key named `kid`, or `undefined` when the platform has no such key.
   *
   * @throws {Error} when the keys are unavailable.
   */
  getKey(kid: string): Promise<PlatformKey | undefined>;
  /** Ends requests that are under way. */
  close(): void;
}
