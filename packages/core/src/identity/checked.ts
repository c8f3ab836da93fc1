/** Tells a constructor of this folder that its options have passed the claims' schema, which asks for the same. */
export const CHECKED: unique symbol = Symbol("checked");
export type Checked = typeof CHECKED;
