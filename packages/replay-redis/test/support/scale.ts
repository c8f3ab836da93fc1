/** Whether tests run at full size, by `pnpm --filter @attest/replay-redis faults`; ordinary runs are smaller. */
export const isFullSize: boolean = process.env["ATTEST_FAULTS"] === "full";

/** Returns the size for this run. */
export function sized<T>(full: T, ordinary: T): T {
  return isFullSize ? full : ordinary;
}
