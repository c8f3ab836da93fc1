import { setTimeout as sleep } from "node:timers/promises";

type LoggedEvent = Readonly<Record<string, unknown>>;

const WAIT_MILLISECONDS = 20;
const MAX_WAITS = 250;

/** Events that a service has written, as lines of JSON. They arrive a little later than what they tell of. */
export class EventReader {
  readonly #events: LoggedEvent[] = [];
  #next = 0;

  readonly add = (line: string): void => {
    this.#events.push(JSON.parse(line) as LoggedEvent);
  };

  /** Passes over all events so far. */
  skip(): void {
    this.#next = this.#events.length;
  }

  /**
   * Returns the next event of a type.
   *
   * @throws {Error} when none comes within five seconds.
   */
  async next(type: string): Promise<LoggedEvent> {
    for (let waits = 0; waits < MAX_WAITS; waits++) {
      const index = this.#events.findIndex((event, at) => at >= this.#next && event["type"] === type);
      const event = this.#events[index];
      if (event !== undefined) {
        this.#next = index + 1;
        return event;
      }
      await sleep(WAIT_MILLISECONDS);
    }
    throw new Error(`no event ${type} came`);
  }
}
