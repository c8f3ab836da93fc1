import { setTimeout } from "node:timers/promises";

const PAUSE_SECONDS = 1;
const MAX_WAITING = 100;

/** Slows down who tries keys: a wrong one is answered after a second, and a hundred of them at once at most. */
export class WrongKeys {
  #waiting = 0;

  /** Waits before a wrong key is answered. Resolves to `false`, at once, when too many wait already. */
  async pause(): Promise<boolean> {
    if (this.#waiting >= MAX_WAITING) return false;
    this.#waiting += 1;
    try {
      await setTimeout(PAUSE_SECONDS * 1000);
    } finally {
      this.#waiting -= 1;
    }
    return true;
  }
}
