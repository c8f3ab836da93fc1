/** `pnpm --filter @attest/replay-redis faults` runs everything at full size; the ordinary tests a smaller copy. */
export const isFullSize: boolean = process.env["ATTEST_FAULTS"] === "full";

/** The size that fits. */
export function sized<T>(full: T, ordinary: T): T {
  return isFullSize ? full : ordinary;
}
