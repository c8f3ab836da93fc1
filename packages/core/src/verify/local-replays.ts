import { InMemoryReplayCache } from "../replay/in-memory-replay-cache.js";
import { type Check, readBy } from "./check.js";

const local = new WeakSet<object>();

/** Notes for {@link keepsReplaysLocally} by which checks `verifier` verifies. */
export function noteReplays(verifier: object, checks: readonly Check[]): void {
  if (checks.some((check) => readBy(check, "replayCache") instanceof InMemoryReplayCache))
    local.add(verifier);
}

/** Whether `verifier` remembers used tokens in the memory of this process: another process would let them in again. */
export function keepsReplaysLocally(verifier: object): boolean {
  return local.has(verifier);
}
