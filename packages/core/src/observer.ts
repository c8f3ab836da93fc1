/**
 * Watches. Whatever it throws is dropped, and nothing waits for what it returns.
 *
 * Each package has events of its own: `TokenEvent` here, and `KeySetEvent`, `CacheEvent`, `GateEvent` and `ClientEvent`
 * in the others. One observer of them all fits each.
 */
export interface AttestationObserver<Event extends { readonly type: string } = { readonly type: string }> {
  record(event: Event): void;
}

/** Hands `event` to `observer`; an observer that throws or rejects changes nothing. */
export function notify<Event extends { readonly type: string }>(
  observer: AttestationObserver<Event>,
  event: Event,
): void {
  try {
    const returned: unknown = observer.record(event);
    if (returned instanceof Promise) returned.catch(() => undefined);
  } catch {
    // An observer only watches.
  }
}
