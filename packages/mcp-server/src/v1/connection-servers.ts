import { kindOf } from "@attest/core/internal";
import type { EventStore } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import { type ConnectableServer, putGate, settingsOf } from "./attest-server.js";
import type { HostGate, HttpHostSettings } from "./http-host-options.js";

// All hosts of this process share these sets, since connections of two hosts may not share a store, either.
const stores = new WeakSet<EventStore>();
const made = new WeakSet<ConnectableServer>();

/** Factories of the parts that one connection has for itself. */
interface Factories extends Pick<HttpHostSettings, "createServer">, HostGate {
  readonly createEventStore?: (() => EventStore) | undefined;
}

/** Makes what one connection has for itself, and refuses what would be shared with another. */
export class ConnectionServers {
  readonly #owner: string;
  readonly #settings: Factories;

  /** @param owner the host whose options these are, for the messages of errors */
  constructor(owner: string, settings: Factories) {
    this.#owner = owner;
    this.#settings = settings;
  }

  /**
   * Makes a server that stands behind a gate with the verifier that has decided on its session.
   *
   * @throws {TypeError} when it has another gate.
   */
  async createServer(): Promise<ConnectableServer> {
    const { createServer, gate, gateOptionsGiven } = this.#settings;
    const server: ConnectableServer | undefined = await createServer();
    if (typeof server?.connect !== "function") {
      throw new TypeError(
        `createServer must return an McpServer or a Server of the MCP SDK, got ${kindOf(server)}`,
      );
    }
    if (made.has(server)) {
      throw new TypeError(
        "createServer returned a server that has been used before: make a new one each time, since an SDK server serves one connection",
      );
    }
    made.add(server);
    const own = settingsOf(server);
    if (own === undefined) {
      putGate(server, gate);
      return server;
    }
    if (own.verifier !== gate.verifier) {
      throw new TypeError(
        `createServer returned a server that is attested by another verifier than the one that ${this.#owner} was given: share one verifier, since each has a replay cache of its own`,
      );
    }
    const [unread] = gateOptionsGiven;
    if (unread !== undefined) {
      throw new TypeError(
        `${this.#owner} was given ${unread}, which nobody reads, because createServer returned a server with a gate of its own: give ${unread} to that server`,
      );
    }
    return server;
  }

  /** @throws {TypeError} when `createEventStore` returns no store, or another session's. */
  createEventStore(): EventStore | undefined {
    const store = this.#settings.createEventStore?.();
    if (store === undefined && this.#settings.createEventStore === undefined) return undefined;
    if (typeof store?.storeEvent !== "function" || typeof store.replayEventsAfter !== "function") {
      throw new TypeError(`createEventStore must return an EventStore of the MCP SDK, got ${kindOf(store)}`);
    }
    if (stores.has(store)) {
      throw new TypeError(
        "createEventStore returned a store that another session has: make a new one each time, since a session can read all events of its store",
      );
    }
    stores.add(store);
    return store;
  }
}
