import { abortable } from "@attest/resilience";

/** Lets so many requests run at once, and the others wait for their turn in order. */
export class RequestPool {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param size how many requests may run at once */
  constructor(size: number) {
    this.#free = size;
  }

  /**
   * What `request` returns, once there is a place for it.
   *
   * @throws what the signal is aborted with while it waits.
   */
  async run<T>(request: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.#enter(signal);
    try {
      return await request();
    } finally {
      this.#leave();
    }
  }

  async #enter(signal: AbortSignal): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    let take = (): void => undefined;
    const turn = new Promise<void>((resolve) => {
      take = resolve;
    });
    this.#waiting.push(take);
    try {
      await abortable(turn, signal);
    } catch (reason) {
      const place = this.#waiting.indexOf(take);
      // Its turn had come in the same moment: the next one takes it.
      if (place === -1) this.#leave();
      else this.#waiting.splice(place, 1);
      throw reason;
    }
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}
