/** Rules by which a total is shared. */
export interface FairSharesOptions<Item> {
  /** Amount that all holders share. */
  readonly total: number;
  /** Returns the share of `holder`, when so many hold some. */
  readonly shareOf: (holder: string, holders: number) => number;
  /** Whether a holder above its share gives up its own oldest item for its newest. Otherwise the newest is refused. */
  readonly turnsOver: boolean;
  /** Whether the item can be given up at all. */
  readonly mayGo: (item: Item) => boolean;
  /** Whether nobody would miss the item: such items go before others. */
  readonly isIdle: (item: Item) => boolean;
  /** Ends an item that has to make room. It is released already. */
  readonly giveUp: (item: Item) => void;
}

interface Holding<Item> {
  readonly name: string;
  size: number;
  /** Items with their sizes. The item that was used last comes last. */
  readonly items: Map<Item, number>;
}

/**
 * Shares a limited amount among callers, who hold items of it. While there is enough, everybody may hold any amount.
 * When none is left, a holder below its share gets some at the cost of the holder that is above its own by the largest
 * factor. That one gives up the item that it has not used for longest, an idle one if there is one. So one caller that
 * takes everything shuts nobody else out.
 */
export class FairShares<Item> {
  readonly #options: FairSharesOptions<Item>;
  readonly #holdings = new Map<string, Holding<Item>>();
  readonly #holdingOf = new Map<Item, Holding<Item>>();
  #used = 0;

  constructor(options: FairSharesOptions<Item>) {
    this.#options = options;
  }

  /** Whether `holder` could get an item of size 1 now; without a holder, whether anybody could. */
  hasRoom(holder?: string): boolean {
    if (this.#used < this.#options.total) return true;
    if (holder === undefined) return this.#spareItem((holding) => this.#pressureOf(holding, 0)) !== undefined;
    return this.#spareFor(this.#holdingOfHolder(holder), 1) !== undefined;
  }

  /** Gives `holder` an item of `size`, or returns `false` when there is no room for it. */
  take(holder: string, item: Item, size = 1): boolean {
    const holding = this.#holdingOfHolder(holder);
    this.#holdings.set(holder, holding);
    this.#holdingOf.set(item, holding);
    holding.items.set(item, 0);
    return this.grow(item, size);
  }

  /** Makes an item larger, or returns `false` when there is no room for that: then it is held no longer. */
  grow(item: Item, size: number): boolean {
    const holding = this.#holdingOf.get(item);
    if (holding === undefined) return false;
    while (this.#used + size > this.#options.total) {
      const spare = this.#spareFor(holding, size);
      const isOwn = spare === undefined || spare === item;
      this.release(spare ?? item);
      if (isOwn) return false;
      this.#options.giveUp(spare);
    }
    holding.items.set(item, (holding.items.get(item) ?? 0) + size);
    holding.size += size;
    this.#used += size;
    return true;
  }

  /** Notes that the item is in use. */
  touch(item: Item): void {
    const items = this.#holdingOf.get(item)?.items;
    const size = items?.get(item);
    if (items === undefined || size === undefined) return;
    items.delete(item);
    items.set(item, size);
  }

  release(item: Item): void {
    const holding = this.#holdingOf.get(item);
    if (holding === undefined) return;
    const size = holding.items.get(item) ?? 0;
    this.#holdingOf.delete(item);
    holding.items.delete(item);
    holding.size -= size;
    this.#used -= size;
    if (holding.items.size === 0) this.#holdings.delete(holding.name);
  }

  #holdingOfHolder(name: string): Holding<Item> {
    return this.#holdings.get(name) ?? { name, size: 0, items: new Map() };
  }

  /** Returns what has to go so that `newcomer` gets `size` more; `undefined` when it may not have that. */
  #spareFor(newcomer: Holding<Item>, size: number): Item | undefined {
    if (!this.#options.turnsOver && this.#pressureOf(newcomer, size) > 1) return undefined;
    return this.#spareItem((holding) => this.#pressureOf(holding, holding === newcomer ? size : 0));
  }

  /** Returns the item that the greediest holder above its share can do without. */
  #spareItem(pressureOf: (holding: Holding<Item>) => number): Item | undefined {
    const greedy = [...this.#holdings.values()]
      .map((holding) => ({ holding, pressure: pressureOf(holding) }))
      .filter(({ pressure }) => pressure > 1)
      .sort((a, b) => b.pressure - a.pressure);
    const { mayGo, isIdle } = this.#options;
    const items = greedy.flatMap(({ holding }) => [...holding.items.keys()].filter(mayGo));
    // An item in use is no way to keep more than a share.
    return items.find(isIdle) ?? items[0];
  }

  /** Returns how many times its share a holder would hold, with `more`. */
  #pressureOf({ name, size }: Holding<Item>, more: number): number {
    return (size + more) / this.#options.shareOf(name, this.#holdings.size);
  }
}
