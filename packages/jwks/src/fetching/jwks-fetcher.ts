import type { Ed25519PublicKey } from "@attest/core";
import { notify, printable } from "@attest/core/internal";
import { FetcherClosedError } from "../errors/fetch-errors.js";
import { keyUnavailable } from "../errors/key-unavailable.js";
import type { JWKSet } from "../jwk-set.js";
import { keySetUrl } from "../outbound/key-set-url.js";
import { RequestPool } from "../outbound/request-pool.js";
import { CachedKeySet } from "./cached-key-set.js";
import { type FetcherSettings, type JWKSFetcherOptions, readFetcherOptions } from "./fetcher-options.js";
import { type IssuerState, type JWKSFetcherMetrics, newFetchCounters } from "./fetcher-status.js";
import { IssuerClient } from "./issuer-client.js";
import { type KeySet, readKeySet } from "./key-set.js";
import { KnownIssuers } from "./known-issuers.js";
import type { RemoteSource } from "./remote-source.js";

/** State of one issuer. */
interface Issuer {
  /** Outlives the key set, so that forgetting the keys does not forget that the issuer is down. */
  readonly client: IssuerClient<KeySet>;
  cached: CachedKeySet<Ed25519PublicKey, KeySet>;
}

/**
 * Fetches the key sets of issuers (RFC 7517 §5) over https and keeps them: one request at a time per issuer, however many
 * look-ups wait for it. Failed attempts are repeated. An issuer that keeps failing is left alone for a while, and its last
 * key set is used meanwhile. A fetcher remembers the issuers that verifiers trust and 10,000 others; one more makes it
 * forget the least recently used of those.
 */
export class JWKSFetcher {
  readonly #settings: FetcherSettings;
  readonly #pool: RequestPool;
  readonly #issuers: KnownIssuers<Issuer>;
  readonly #counters = newFetchCounters();
  readonly #running = new Set<AbortController>();
  #isClosed = false;

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: JWKSFetcherOptions = {}) {
    this.#settings = readFetcherOptions(options);
    const { connectionPoolSize, requestTimeoutSeconds } = this.#settings;
    this.#pool = new RequestPool(connectionPoolSize, requestTimeoutSeconds);
    this.#issuers = new KnownIssuers({
      create: (issuer) => this.#newIssuer(issuer),
      release: ({ client }) => client.close(),
    });
  }

  /**
   * Returns the issuer's usable keys, as a key set with public members only. A key that cannot verify attestation tokens
   * is left out; the observer's `key_set_fetched` event says why.
   *
   * @throws {RetryError} when all attempts to ask the issuer have failed.
   * @throws {CircuitOpenError} when the issuer has failed too often in a row to be asked now.
   * @throws {KeySetRefusedError | UnexpectedStatusError} when its answer, or where it would come from, is wrong.
   * @throws {FetcherClosedError} after `close`.
   */
  async getJwks(issuer: string): Promise<JWKSet> {
    return (await this.#keySet(issuer).getKeySet()).jwks;
  }

  /**
   * Returns the issuer's key named `kid`, or `undefined` when it publishes no such key that can be used.
   *
   * @throws {AttestationError} 1010 when the keys are unavailable. Its `cause` is what `getJwks` throws.
   */
  getKey(issuer: string, kid: string): Promise<Ed25519PublicKey | undefined> {
    return this.#look(issuer, (keySet) => keySet.getKey(kid));
  }

  /**
   * Looks for a new key under an old `kid`, after a signature did not verify: some issuers restart with a new key under the
   * name of the old one. Asks the issuer once per `unknownKeyCooldownSeconds` at most, and returns the key that is known
   * then. An issuer that cannot be asked is no error.
   *
   * @throws {AttestationError} 1010 when no key of the issuer is known.
   */
  refresh(issuer: string, kid: string): Promise<Ed25519PublicKey | undefined> {
    return this.#look(issuer, (keySet) => keySet.refreshKey(kid));
  }

  /** Keeps what is known of these issuers, however many others are looked up. Verifiers call it with those they trust. */
  keep(issuers: readonly string[]): void {
    this.#issuers.keep(issuers);
  }

  /** Counters since the fetcher was made: a copy that does not change. */
  get metrics(): JWKSFetcherMetrics {
    return { ...this.#counters };
  }

  /** Returns the state of every issuer that was looked up, as it is now. It can be logged as JSON. */
  issuers(): readonly IssuerState[] {
    return Array.from(this.#issuers.entries(), ([issuer, { client, cached }]) => ({
      issuer: printable(issuer),
      circuit: client.circuit,
      ...cached.state(),
    }));
  }

  /** Forgets the issuer's key set, for use past its time too. The next look-up fetches it. */
  invalidate(issuer: string): void {
    const known = this.#issuers.find(issuer);
    if (known !== undefined) known.cached = this.#newKeySet(issuer, known.client);
  }

  /** Forgets every key set. */
  clearCache(): void {
    for (const [issuer, known] of this.#issuers.entries())
      known.cached = this.#newKeySet(issuer, known.client);
  }

  /** Ends what is under way and forgets everything. Look-ups, waiting and new, are refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const [, { client }] of this.#issuers.entries()) client.close();
    this.#issuers.clear();
    for (const controller of this.#running) controller.abort(new FetcherClosedError());
  }

  /** Failures of every kind become 1010 here. A known key is one resolved promise, and no chain of them. */
  #look(
    issuer: string,
    find: (keySet: Issuer["cached"]) => Ed25519PublicKey | undefined | Promise<Ed25519PublicKey | undefined>,
  ): Promise<Ed25519PublicKey | undefined> {
    const refuse = (cause: unknown): never => {
      throw keyUnavailable(issuer, cause);
    };
    try {
      const found = find(this.#keySet(issuer));
      return found instanceof Promise ? found.catch(refuse) : Promise.resolve(found);
    } catch (cause) {
      return Promise.reject(keyUnavailable(issuer, cause));
    }
  }

  #keySet(issuer: string): Issuer["cached"] {
    if (this.#isClosed) throw new FetcherClosedError();
    return this.#issuers.use(issuer).cached;
  }

  #newIssuer(issuer: string): Issuer {
    const client = new IssuerClient(issuer, attestationKeys(issuer, this.#settings), this.#settings, {
      pool: this.#pool,
      counters: this.#counters,
      running: this.#running,
    });
    return { client, cached: this.#newKeySet(issuer, client) };
  }

  #newKeySet(issuer: string, loader: Issuer["client"]): Issuer["cached"] {
    const { observer } = this.#settings;
    return new CachedKeySet({
      ...this.#settings,
      loader,
      counters: this.#counters,
      onStale: (use) => {
        if (observer === undefined) return;
        notify(observer, { type: "stale_key_set_served", issuer: printable(issuer), ...use });
      },
    });
  }
}

/** Returns the source of an attestation issuer's keys: one document, at the issuer's well-known place. */
function attestationKeys(issuer: string, settings: FetcherSettings): RemoteSource<KeySet> {
  let latest: KeySet | undefined;
  return {
    url: () => keySetUrl(issuer, settings),
    read: async ({ document, headers }) => {
      latest = await readKeySet(document, latest);
      return { keySet: latest, headers };
    },
  };
}
