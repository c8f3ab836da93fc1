import { isAttestationError } from "@attest/core";

const MAX_DEPTH = 5;

/** Why something failed, in one line: what the error says, and what those underneath it say. */
export function reasonsOf(error: unknown): string {
  const reasons: string[] = [];
  for (let cause = error; cause instanceof Error && reasons.length < MAX_DEPTH; cause = cause.cause) {
    const reason = isAttestationError(cause) ? (cause.detail ?? cause.message) : cause.message;
    if (reason !== "") reasons.push(reason);
  }
  return reasons.join(": ") || "unknown reason";
}
