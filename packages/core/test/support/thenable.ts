type Settle = (value: unknown) => void;

const NAME = "then";

/** Returns `target` with the given `then`, as other libraries return it for a promise. */
export function thenable(then: (resolve: Settle, reject: Settle) => void, target: object = {}): unknown {
  return Object.assign(target, { [NAME]: then });
}
