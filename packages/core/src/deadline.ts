/** How many turns of the microtask queue an answer that is there already may take to show. */
const TURNS = 4;

type Outcome<T> =
  | { readonly isKept: true; readonly value: T }
  | { readonly isKept: false; readonly reason: unknown };

/**
 * What `promise` settles to, unless that takes longer than `seconds`; then what `onTimeout` returns is thrown.
 * The work behind the promise is not stopped, only no longer waited for.
 */
export async function withDeadline<T>(
  promise: Promise<T>,
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

/** Waits for `settled`, and for `seconds` at most. */
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
