import { CommandTimeoutError } from "./command-timeout-error.js";

/** The replies of a Redis that is starting, failing over or moving keys. */
const PASSING = /^(LOADING|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|READONLY|MOVED|ASK|BUSY) /;
/** The beginning of replies that are errors, such as `OOM command not allowed …`. */
const ERROR_REPLY = /^[A-Z]{2,}[A-Z0-9]* /;

/**
 * Whether the command may succeed when it is sent again at once. Not after a time-out, because a Redis that hangs goes
 * on hanging, and not after an answer such as `OOM` or `NOPERM`.
 */
export function isPassing(error: unknown): boolean {
  if (error instanceof CommandTimeoutError || !(error instanceof Error)) return false;
  return PASSING.test(error.message) || !ERROR_REPLY.test(error.message);
}

/** Whether Redis answered, if only with an error; the answer may be the cause. */
export function isReply(error: unknown): boolean {
  return error instanceof Error && (ERROR_REPLY.test(error.message) || isReply(error.cause));
}

/** Whether Redis refused because the user may not do this. */
export function isForbidden(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("NOPERM ");
}

/** Whether Redis refused because the key holds a value that no check has put there. */
export function isWrongType(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("WRONGTYPE ");
}

/** Whether Redis refused because another node of its cluster holds the key. */
export function isMoved(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("MOVED ");
}
