import { type OptionsSpec, readOptions } from "../options/read-options.js";

/** Tells a constructor of this folder that its options have passed the rules for claims, which ask for the same. */
export const CHECKED: unique symbol = Symbol("checked");
export type Checked = typeof CHECKED;

/**
 * Reads the options of a class of this folder. Options that are {@link CHECKED} are taken as they are, since claims are
 * read for every token.
 *
 * @throws {TypeError} naming the option that is wrong.
 */
export function readUnlessChecked<S extends object>(
  owner: string,
  options: object,
  spec: OptionsSpec<S>,
  checked: Checked | undefined,
): S {
  return checked === CHECKED ? (options as S) : readOptions(owner, options, spec);
}
