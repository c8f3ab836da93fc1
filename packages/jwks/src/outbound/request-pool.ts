import { abortable } from "@attest/resilience";

/** Place of one running request. */
interface Place {
  readonly takenAt: number;
}

/** Lets a number of requests run at once. The others wait for their turn, in order. */
export class RequestPool {
  readonly #size: number;
  readonly #leaseSeconds: number;
  readonly #places = new Set<Place>();
  readonly #waiting: ((place: Place) => void)[] = [];

  /**
   * @param size how many requests may run at once
   * @param leaseSeconds how long a request may keep its place. Some runtimes (Workers) end a request without a word, and
   *   its place would be lost.
   */
  constructor(size: number, leaseSeconds: number) {
    this.#size = size;
    this.#leaseSeconds = leaseSeconds;
  }

  /**
   * Runs `request` once there is a place for it, and returns its result.
   *
   * @throws the reason of the signal, when it is aborted before that.
   */
  async run<T>(request: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const place = await this.#enter(signal);
    try {
      return await request();
    } finally {
      this.#leave(place);
    }
  }

  async #enter(signal: AbortSignal): Promise<Place> {
    const now = performance.now();
    for (const place of this.#places) {
      if (now - place.takenAt >= this.#leaseSeconds * 1000) this.#leave(place);
    }
    if (this.#places.size < this.#size) return this.#take();
    let accept = (_place: Place): void => undefined;
    const turn = new Promise<Place>((resolve) => {
      accept = resolve;
    });
    this.#waiting.push(accept);
    try {
      return await abortable(turn, signal);
    } catch (reason) {
      const index = this.#waiting.indexOf(accept);
      // A turn that came in the same moment is for the next request.
      if (index === -1) this.#leave(await turn);
      else this.#waiting.splice(index, 1);
      throw reason;
    }
  }

  #take(): Place {
    const place = { takenAt: performance.now() };
    this.#places.add(place);
    return place;
  }

  /** Gives the place to the next request. Does nothing when the place was given up before. */
  #leave(place: Place): void {
    if (!this.#places.delete(place)) return;
    this.#waiting.shift()?.(this.#take());
  }
}
