import { type TextMatcher, textMatcher } from "./text-matcher.js";

interface Pattern<Value> {
  readonly matches: TextMatcher;
  readonly value: Value;
}

/**
 * Values by names and by patterns, found at a cost that does not grow with their number: exact names in a map, patterns
 * by the text before their first `*`. Only patterns that share such a beginning with a name are asked.
 */
export class NameIndex<Value> {
  readonly #matcherOf: (pattern: string) => TextMatcher;
  readonly #byName = new Map<string, Set<Value>>();
  readonly #byPrefix = new Map<string, Pattern<Value>[]>();
  /** The lengths that prefixes have: the beginnings of a name that can be one. */
  readonly #prefixLengths = new Set<number>();

  constructor(matcherOf: (pattern: string) => TextMatcher = textMatcher) {
    this.#matcherOf = matcherOf;
  }

  get isEmpty(): boolean {
    return this.#byName.size === 0 && this.#byPrefix.size === 0;
  }

  /** Adds `value` for `pattern`: a name, or with a `*` in it, all names that match it. */
  add(pattern: string, value: Value): void {
    const prefixLength = pattern.indexOf("*");
    if (prefixLength === -1) {
      const values = this.#byName.get(pattern);
      if (values === undefined) this.#byName.set(pattern, new Set([value]));
      else values.add(value);
      return;
    }
    const prefix = pattern.slice(0, prefixLength);
    const entry = { matches: this.#matcherOf(pattern), value };
    const patterns = this.#byPrefix.get(prefix);
    if (patterns === undefined) this.#byPrefix.set(prefix, [entry]);
    else patterns.push(entry);
    this.#prefixLengths.add(prefixLength);
  }

  /** Puts into `found` every value whose name or pattern `name` matches. */
  find(name: string, found: Set<Value>): void {
    for (const value of this.#byName.get(name) ?? []) found.add(value);
    for (const length of this.#prefixLengths) {
      if (length > name.length) continue;
      for (const { matches, value } of this.#byPrefix.get(name.slice(0, length)) ?? []) {
        if (!found.has(value) && matches(name)) found.add(value);
      }
    }
  }
}
