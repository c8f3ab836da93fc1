import { CommandTimeoutError } from "./command-timeout-error.js";

/** Replies of a Redis that is starting, failing over or moving keys. */
const PASSING = /^(LOADING|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|READONLY|MOVED|ASK|BUSY) /;
/** How replies that are errors begin: `OOM command not allowed …`. */
const ERROR_REPLY = /^[A-Z]{2,}[A-Z0-9]* /;

/**
 * Whether it is worth asking again at once. Not after a time-out, because a Redis that hangs goes on hanging, and
 * not after an answer such as `OOM` or `NOPERM`.
 */
export function isPassing(error: unknown): boolean {
  if (error instanceof CommandTimeoutError || !(error instanceof Error)) return false;
  return PASSING.test(error.message) || !ERROR_REPLY.test(error.message);
}

/** Whether Redis answered, if only with an error. */
export function isReply(error: unknown): boolean {
  return error instanceof Error && ERROR_REPLY.test(error.message);
}

/** Whether Redis refused because the user may not do this. */
export function isForbidden(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("NOPERM ");
}

/** Whether Redis refused because the key holds something that no check has put there. */
export function isWrongType(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("WRONGTYPE ");
}
