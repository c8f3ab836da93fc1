import { AttestationErrorCode, isAttestationError } from "@attest/core";
import { expect } from "vitest";

/** Expects `lookup` to be refused with 1010, and gives the messages of its causes, the outermost first. */
export async function causeOfUnavailable(lookup: Promise<unknown>): Promise<string> {
  const error: unknown = await lookup.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isAttestationError(error)) throw new Error("not refused with an AttestationError", { cause: error });
  expect(error.code).toBe(AttestationErrorCode.KEY_UNAVAILABLE);
  expect(error.detail).toMatch(/^the key set of ".*" is unavailable$/);
  const messages: string[] = [];
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) messages.push(cause.message);
  return messages.join(" < ");
}
