import { notify, printable } from "@attest/core/internal";
import { RequestPool } from "../outbound/request-pool.js";
import { CachedKeySet } from "./cached-key-set.js";
import type { FetcherSettings } from "./fetcher-options.js";
import { newFetchCounters } from "./fetcher-status.js";
import { IssuerClient } from "./issuer-client.js";
import type { RemoteKeys, RemoteSource } from "./remote-source.js";

/**
 * Key set of one server that is no attestation issuer: of any kind of keys, fetched from any source, and kept as attestation
 * issuers' are. It shares nothing with another one: a server that is down costs its own callers only.
 */
export class RemoteKeySet<Key, Keys extends RemoteKeys<Key> = RemoteKeys<Key>> {
  readonly #client: IssuerClient<Keys>;
  readonly #cached: CachedKeySet<Key, Keys>;
  readonly #running = new Set<AbortController>();

  /** @param name name of the server, for events */
  constructor(name: string, source: RemoteSource<Keys>, settings: FetcherSettings) {
    const { connectionPoolSize, requestTimeoutSeconds, observer } = settings;
    const counters = newFetchCounters();
    this.#client = new IssuerClient(name, source, settings, {
      pool: new RequestPool(connectionPoolSize, requestTimeoutSeconds),
      counters,
      running: this.#running,
    });
    this.#cached = new CachedKeySet({
      ...settings,
      loader: this.#client,
      counters,
      onStale: (use) => {
        if (observer === undefined) return;
        notify(observer, { type: "stale_key_set_served", issuer: printable(name), ...use });
      },
    });
  }

  /**
   * Returns the key named `kid`, or `undefined` when the server publishes no such key.
   *
   * @throws {Error} when the keys are unavailable: one of those that `JWKSFetcher.getJwks` names.
   */
  async getKey(kid: string): Promise<Key | undefined> {
    return this.#cached.getKey(kid);
  }

  /** Ends what is under way. */
  close(reason: Error): void {
    this.#client.close();
    for (const controller of this.#running) controller.abort(reason);
  }
}
