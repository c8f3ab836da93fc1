/**
 * Lets `instanceof` recognise the errors of every copy of a package: by a brand, which is `Symbol.for("@attest/<name>")`.
 * Subclasses are recognised by their prototype, as ever.
 *
 * @param name the class's name, in words that a minifier does not change
 */
export function recogniseByBrand(errorClass: { readonly prototype: Error }, name: string): void {
  const brand = Symbol.for(`@attest/${name}`);
  Object.defineProperty(errorClass.prototype, brand, { value: true });
  Object.defineProperty(errorClass, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      if (this !== errorClass) return Function.prototype[Symbol.hasInstance].call(this, value);
      if (typeof value !== "object" || value === null) return false;
      return (value as Readonly<Record<symbol, unknown>>)[brand] === true;
    },
  });
}
