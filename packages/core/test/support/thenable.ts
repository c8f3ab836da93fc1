type Settle = (value: unknown) => void;

const NAME = "then";

/** What other libraries return for a promise: `target` with a `then` that does as it is told. */
export function thenable(then: (resolve: Settle, reject: Settle) => void, target: object = {}): unknown {
  return Object.assign(target, { [NAME]: then });
}
