/**
 * An answer that cannot be used, or a place that keys must not come from. Asking again would bring the same, so
 * nobody does.
 */
export class KeySetRefusedError extends Error {
  override readonly name = "KeySetRefusedError";
}
