/** How many turns of the microtask queue an answer that is there already may take to show. */
const TURNS = 4;

/**
 * What `promise` settles to, unless that takes longer than `seconds`; then what `onTimeout` returns is thrown.
 * The work behind the promise is not stopped, only no longer waited for.
 */
export async function withDeadline<T>(
  promise: Promise<T>,
  seconds: number,
  onTimeout: () => Error,
): Promise<T> {
  // Most answers are there at once, and for those a timer would cost more than everything else here.
  let settled = false;
  const settle = () => {
    settled = true;
  };
  promise.then(settle, settle);
  for (let turn = 0; turn < TURNS && !settled; turn++) await undefined;
  if (settled) return promise;

  let timer: unknown;
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(onTimeout()), seconds * 1000);
  });
  try {
    return await Promise.race([promise, expiry]);
  } finally {
    clearTimeout(timer);
  }
}
