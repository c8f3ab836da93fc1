import type { MaybePromise } from "./ports.js";

/** Number of turns of the microtask queue in which an answer that is there already may still have to show. */
const TURNS = 4;

type Outcome<T> =
  | { readonly isKept: true; readonly value: T }
  | { readonly isKept: false; readonly reason: unknown };

/**
 * Resolves or rejects as `promise` does. Rejects with the error of `onTimeout` when that takes longer than `seconds`.
 * The work behind the promise goes on; only nothing waits for it any more.
 */
export async function withDeadline<T>(
  promise: PromiseLike<T>,
  seconds: number,
  onTimeout: () => Error,
): Promise<T> {
  let outcome: Outcome<T> | undefined;
  const settled = Promise.resolve(promise).then(
    (value) => {
      outcome = { isKept: true, value };
    },
    (reason: unknown) => {
      outcome = { isKept: false, reason };
    },
  );
  // Most answers are there at once, and for those a timer would cost more than everything else here.
  for (let turn = 0; turn < TURNS && outcome === undefined; turn++) await undefined;
  if (outcome === undefined) await elapse(settled, seconds);
  if (outcome === undefined) throw onTimeout();
  if (outcome.isKept) return outcome.value;
  throw outcome.reason;
}

/** Resolves when `settled` does, and after `seconds` at the latest. */
async function elapse(settled: Promise<void>, seconds: number): Promise<void> {
  let timer: unknown;
  const expiry = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, seconds * 1000);
  });
  try {
    await Promise.race([settled, expiry]);
  } finally {
    clearTimeout(timer);
  }
}

/** Bounds of a question to a port of the user's own, such as a key resolver. */
export interface AskOptions {
  /** Longest time to wait for the answer. */
  readonly seconds: number;
  /** Returns the error for an answer that did not come in time. It goes through `onFailure`, too. */
  readonly onTimeout: () => Error;
  /** Returns the error to throw in place of what the port threw. */
  readonly onFailure: (cause: unknown) => Error;
}

/**
 * Asks, and hands the answer to `use`: in the same step when the answer is there already. Returns what `use` returns.
 * An error that `use` throws comes out as it is.
 */
export function ask<Answer, Result>(
  question: () => MaybePromise<Answer>,
  { seconds, onTimeout, onFailure }: AskOptions,
  use: (answer: Answer) => MaybePromise<Result>,
): MaybePromise<Result> {
  let answer: MaybePromise<Answer>;
  let comesLater: boolean;
  try {
    answer = question();
    comesLater = isThenable(answer);
  } catch (cause) {
    throw onFailure(cause);
  }
  if (!comesLater) return use(answer as Answer);
  return withDeadline(answer as PromiseLike<Answer>, seconds, onTimeout).then(use, (cause: unknown) => {
    throw onFailure(cause);
  });
}

/** Whether `await` would wait for `value`. Ports are written in JavaScript too, with promises of other libraries. */
function isThenable(value: unknown): boolean {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === "function";
}
