import { beforeAll, describe, expect, test } from "vitest";

type Exports = Readonly<Record<string, unknown>>;
type ErrorClass = new (...parts: readonly unknown[]) => Error;

export interface ErrorClassesOptions {
  /** Exports of the package, from its source. */
  readonly exported: Exports;
  readonly packageFolder: URL;
  /** The entry that exports them, as its file is named in `dist`. Default: `index`. */
  readonly entry?: string;
  /** Arguments of a constructor, by the name of the class. Every exported class of errors has to be among them. */
  readonly samples: Readonly<Record<string, readonly unknown[]>>;
}

/**
 * Describes the classes of errors that a package exports: each is named after its class, and has a brand of its own, by
 * which `instanceof` knows it in every copy of the package. The other copy is the built one, beside the source.
 */
export function describeErrorClasses({
  exported,
  packageFolder,
  entry = "index",
  samples,
}: ErrorClassesOptions): void {
  const classes = errorClassesIn(exported);
  const make = (name: string, Class: ErrorClass): Error => new Class(...(samples[name] ?? []));

  describe("every exported error", () => {
    let theirs: ReadonlyMap<string, ErrorClass>;
    beforeAll(async () => {
      const built = new URL(`dist/${entry}.js`, packageFolder).href;
      theirs = new Map(errorClassesIn((await import(/* @vite-ignore */ built)) as Exports));
    });

    test("has a sample here", () => {
      expect(classes.map(([name]) => name).sort()).toEqual(Object.keys(samples).sort());
    });

    test.each(classes)("%s is named after its class", (name, Ours) => {
      expect(make(name, Ours).name).toBe(name);
    });

    test.each(classes)("%s is an instance of its class in every copy of the package", (name, Ours) => {
      const Theirs = theirs.get(name) as ErrorClass;
      expect(Theirs).not.toBe(Ours);
      expect(make(name, Ours)).toBeInstanceOf(Ours);
      expect(make(name, Theirs)).toBeInstanceOf(Ours);
      expect(make(name, Ours)).toBeInstanceOf(Theirs);
    });

    test.each(classes)("%s is not told for another error, nor for what looks like it", (name, Ours) => {
      for (const [other, Other] of classes) expect(make(other, Other) instanceof Ours).toBe(other === name);
      const lookalike = Object.assign(new Error(make(name, Ours).message), { name });
      for (const value of [undefined, null, name, {}, { name }, Object.create(null), lookalike]) {
        expect((value as unknown) instanceof Ours).toBe(false);
      }
    });

    test.each(classes)("%s is told from a class that extends it", (name, Ours) => {
      class Extended extends Ours {}
      expect(make(name, Extended)).toBeInstanceOf(Extended);
      expect(make(name, Extended)).toBeInstanceOf(Ours);
      expect(make(name, Ours) instanceof Extended).toBe(false);
    });
  });
}

function errorClassesIn(exported: Exports): readonly (readonly [name: string, ErrorClass])[] {
  return Object.entries(exported).filter((entry): entry is [string, ErrorClass] => {
    const [, value] = entry;
    return typeof value === "function" && value.prototype instanceof Error;
  });
}
