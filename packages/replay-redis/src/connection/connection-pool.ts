import { withDeadline } from "@attest/core/internal";
import type { Connection } from "./redis.js";
import type { RedisClient } from "./redis-client.js";

/** The commands under way on one connection before the next is used: few connections with many commands are fastest. */
const ENOUGH = 128;

interface Member {
  readonly connection: Connection;
  inFlight: number;
}

/** The settings of a {@link ConnectionPool}. */
export interface ConnectionPoolOptions {
  readonly size: number;
  /** The longest wait of `ready`, in seconds. */
  readonly timeoutSeconds: number;
  /** Called for every connection that fails, and every attempt to reconnect that does. */
  readonly onError: (error: unknown) => void;
}

/** The way to Redis over a fixed number of connections, which reconnect by themselves. Commands are pipelined. */
export class ConnectionPool {
  readonly #members: readonly Member[];
  readonly #timeoutSeconds: number;
  readonly #opened: Promise<unknown>;

  constructor(connect: () => Connection, { size, timeoutSeconds, onError }: ConnectionPoolOptions) {
    this.#timeoutSeconds = timeoutSeconds;
    this.#members = Array.from({ length: size }, () => ({ connection: connect(), inFlight: 0 }));
    this.#opened = Promise.any(this.#members.map(({ connection }) => open(connection, onError))).catch(
      ({ errors }: AggregateError) => {
        throw errors[0];
      },
    );
    this.#opened.catch(() => undefined);
  }

  /** Waits for the first connection. Rejects when every first attempt has failed. */
  async ready(): Promise<void> {
    await withDeadline(
      this.#opened,
      this.#timeoutSeconds,
      () => new Error(`no connection to Redis within ${this.#timeoutSeconds} seconds`),
    );
  }

  /** Gives `command` a connection that is ready. Rejects when there is none. */
  async run<T>(command: (client: RedisClient) => Promise<T>): Promise<T> {
    const member = this.#pick();
    if (member === undefined) throw new Error("there is no connection to Redis");
    member.inFlight += 1;
    try {
      return await command(member.connection);
    } finally {
      member.inFlight -= 1;
    }
  }

  /** Ends every connection, and what is under way on it. */
  close(): void {
    for (const { connection } of this.#members) connection.destroy();
  }

  #pick(): Member | undefined {
    let least: Member | undefined;
    for (const member of this.#members) {
      if (!member.connection.isReady) continue;
      if (member.inFlight < ENOUGH) return member;
      if (least === undefined || member.inFlight < least.inFlight) least = member;
    }
    return least;
  }
}

/** Resolves once the connection is ready and rejects when it first fails; it goes on trying after that. */
function open(connection: Connection, onError: (error: unknown) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.on("ready", () => resolve());
    connection.on("error", (error) => {
      onError(error);
      reject(error);
    });
    connection.connect().catch(reject);
  });
}
