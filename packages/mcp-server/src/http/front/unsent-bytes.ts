/** One answer on its way to a client that may read slowly, or not at all. */
export interface UnsentAnswer {
  /** Notes that so many bytes of it wait to be read. */
  holds(bytes: number): void;
  /** Notes that it is out, or broken off. */
  end(): void;
}

/** The bytes of one session's answers that its client has not read yet: so many, and then the session is over. */
export class UnsentBytes {
  readonly #most: number;
  readonly #onTooMany: () => void;
  readonly #breakOffs = new Set<() => void>();
  #total = 0;

  /** @param onTooMany called when more than `most` bytes wait; every answer is broken off afterwards */
  constructor(most: number, onTooMany: () => void) {
    this.#most = most;
    this.#onTooMany = onTooMany;
  }

  /** Begins an answer. `breakOff` ends it, whatever has become of it. */
  open(breakOff: () => void): UnsentAnswer {
    let own = 0;
    let isOver = false;
    this.#breakOffs.add(breakOff);
    const holds = (bytes: number): void => {
      if (isOver) return;
      this.#total += bytes - own;
      own = bytes;
      if (this.#total > this.#most) this.#giveUp();
    };
    return {
      holds,
      end: () => {
        holds(0);
        isOver = true;
        this.#breakOffs.delete(breakOff);
      },
    };
  }

  #giveUp(): void {
    const breakOffs = [...this.#breakOffs];
    this.#breakOffs.clear();
    if (breakOffs.length === 0) return;
    this.#onTooMany();
    for (const breakOff of breakOffs) breakOff();
  }
}
