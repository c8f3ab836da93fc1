/*
 * Errors are known by a brand, so that `instanceof` holds across copies of this package: an application and one of its
 * libraries may each have their own.
 */

/** Marks `error` with `brand`, in a way that is not printed. */
export function markWith(brand: symbol, error: Error): void {
  Object.defineProperty(error, brand, { value: true });
}

/**
 * Returns what `value instanceof asked` is to say, where `asked` is `owner` or a class derived from it. The brand stands
 * for `owner`; a derived class is looked for in the prototypes, as always.
 */
export function isInstance(value: unknown, asked: unknown, owner: unknown, brand: symbol): boolean {
  if (asked !== owner) return Function.prototype[Symbol.hasInstance].call(asked, value);
  return (
    typeof value === "object" &&
    value !== null &&
    (value as { readonly [key: symbol]: unknown })[brand] === true
  );
}
