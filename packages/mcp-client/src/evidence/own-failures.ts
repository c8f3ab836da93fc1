/** Errors of token sources and keys: what they say of HTTP is said of other servers than the one that is spoken to. */
const failures = new WeakSet<object>();

/** Waits for what a token source or a key gives. Rejects with its own error, which {@link isOwnFailure} then knows. */
export async function fromOwn<T>(given: Promise<T>): Promise<T> {
  try {
    return await given;
  } catch (error) {
    if (typeof error === "object" && error !== null) failures.add(error);
    throw error;
  }
}

/** Whether `error` came from a token source or a key, and not from the transport. */
export function isOwnFailure(error: unknown): boolean {
  return typeof error === "object" && error !== null && failures.has(error);
}
