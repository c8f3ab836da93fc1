import { describe, expect, test, vi } from "vitest";

type ErrorClass = new (...parts: never[]) => Error;
type Exports = Readonly<Record<string, unknown>>;

export interface BrandedErrorsOptions {
  /** What the package exports. */
  readonly exported: Exports;
  /** Imports the package's index once more: a second copy of it. */
  readonly importCopy: () => Promise<Exports>;
  /** Names of the errors that the package exports. */
  readonly names: readonly string[];
}
