/** Largest number of issuers that are remembered besides those to be kept. */
const MAX_OTHERS = 10_000;

/** Entry of one issuer, with the order of its latest use. */
interface Entry<T> {
  readonly value: T;
  usedAt: number;
}

export interface KnownIssuersOptions<T> {
  /** Makes the value of an issuer that is used for the first time. */
  readonly create: (issuer: string) => T;
  /** Is called with a value that is forgotten. */
  readonly release: (value: T) => void;
}

/**
 * Values by issuer. The number of issuers is bounded by those to be kept, and 10,000 others: of these the least recently
 * used is forgotten for a new one. Verifiers look up trusted issuers only, so the bound is for callers that look up
 * anything.
 */
export class KnownIssuers<T> {
  readonly #options: KnownIssuersOptions<T>;
  readonly #entries = new Map<string, Entry<T>>();
  readonly #kept = new Set<string>();
  /** Number of entries that may be forgotten. */
  #others = 0;
  /** Number of uses so far: a clock that costs nothing to read. */
  #uses = 0;

  constructor(options: KnownIssuersOptions<T>) {
    this.#options = options;
  }

  /** Returns the value of `issuer`, as used now. */
  use(issuer: string): T {
    const entry = this.#entries.get(issuer) ?? this.#add(issuer);
    entry.usedAt = ++this.#uses;
    return entry.value;
  }

  /** Returns the value of `issuer`, or `undefined` when the issuer is not known. It does not count as used. */
  find(issuer: string): T | undefined {
    return this.#entries.get(issuer)?.value;
  }

  /** Keeps the values of these issuers from being forgotten, now and later. */
  keep(issuers: Iterable<string>): void {
    for (const issuer of issuers) {
      if (!this.#kept.has(issuer) && this.#entries.has(issuer)) this.#others--;
      this.#kept.add(issuer);
    }
  }

  /** Returns all issuers and their values. */
  *entries(): Iterable<readonly [issuer: string, value: T]> {
    for (const [issuer, { value }] of this.#entries) yield [issuer, value];
  }

  /** Forgets everything, without releasing it. */
  clear(): void {
    this.#entries.clear();
    this.#others = 0;
  }

  #add(issuer: string): Entry<T> {
    if (!this.#kept.has(issuer)) {
      if (this.#others >= MAX_OTHERS) this.#forgetLeastRecentlyUsed();
      this.#others++;
    }
    const entry = { value: this.#options.create(issuer), usedAt: 0 };
    this.#entries.set(issuer, entry);
    return entry;
  }

  /** Looks at every entry, which is nothing beside the request to the issuer that is added. */
  #forgetLeastRecentlyUsed(): void {
    let oldest: readonly [string, Entry<T>] | undefined;
    for (const [issuer, entry] of this.#entries) {
      if (this.#kept.has(issuer)) continue;
      if (oldest === undefined || entry.usedAt < oldest[1].usedAt) oldest = [issuer, entry];
    }
    if (oldest === undefined) return;
    this.#entries.delete(oldest[0]);
    this.#others--;
    this.#options.release(oldest[1].value);
  }
}
