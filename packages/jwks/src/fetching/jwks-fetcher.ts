import { type Ed25519PublicKey, isAttestationError } from "@attest/core";
import { notify, printable } from "@attest/core/internal";
import { CachedKeySet, type StaleUse } from "./cached-key-set.js";
import { FetcherClosedError } from "./fetcher-closed-error.js";
import { type JWKSFetcherMetrics, newFetchCounters } from "./fetcher-metrics.js";
import { type FetcherSettings, type JWKSFetcherOptions, readFetcherOptions } from "./fetcher-options.js";
import { IssuerClient } from "./issuer-client.js";
import type { JWKSet } from "./jwk-set.js";
import { keyUnavailable } from "./key-unavailable.js";
import { RequestPool } from "./request-pool.js";

/** Verifiers ask for trusted issuers only, so nobody gets near this but a caller who asks for anything. */
const MAX_ISSUERS = 1000;

/** What is known of one issuer. */
interface Issuer {
  /** Outlives what it fetched, so that forgetting the keys does not forget that the issuer is down. */
  readonly client: IssuerClient;
  cached: CachedKeySet | undefined;
}

/**
 * Fetches the key sets of issuers (RFC 7517 §5) over https and keeps them: one request at a time per issuer,
 * however many wait for it. Failed attempts are made again; an issuer that keeps failing is left alone for a while,
 * and its last key set used meanwhile. It remembers up to 1000 issuers; one more pushes out the one known longest.
 */
export class JWKSFetcher {
  readonly #settings: FetcherSettings;
  readonly #pool: RequestPool;
  readonly #issuers = new Map<string, Issuer>();
  readonly #counters = newFetchCounters();
  #isClosed = false;

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: JWKSFetcherOptions = {}) {
    this.#settings = readFetcherOptions(options);
    this.#pool = new RequestPool(this.#settings.connectionPoolSize);
  }

  /**
   * The issuer's usable keys, as a key set with public members only. Keys that cannot verify attestation tokens
   * are not in it; the observer's `key_set_fetched` event says why.
   *
   * @throws {RetryError} when the issuer could not be asked or was not up to it, after all attempts.
   * @throws {CircuitOpenError} when it has failed too often in a row to be asked now.
   * @throws {KeySetRefusedError | UnexpectedStatusError} when its answer, or where it would come from, is wrong.
   * @throws {FetcherClosedError} after `close`.
   */
  async getJwks(issuer: string): Promise<JWKSet> {
    if (this.#isClosed) throw new FetcherClosedError();
    try {
      return (await this.#keySet(issuer).getKeySet()).jwks;
    } catch (error) {
      throw isAttestationError(error) ? error.cause : error;
    }
  }

  /**
   * The issuer's key named `kid`; `undefined` when it publishes no such key that can be used.
   *
   * @throws {AttestationError} 1010 when the keys cannot be had; its `cause` is what `getJwks` throws.
   */
  getKey(issuer: string, kid: string): Promise<Ed25519PublicKey | undefined> {
    if (this.#isClosed) return Promise.reject(keyUnavailable(issuer, new FetcherClosedError()));
    // Known keys wait for nothing: one resolved promise, and no chain of them.
    return Promise.resolve(this.#keySet(issuer).getKey(kid));
  }

  /** What has happened so far: a copy that does not change. */
  get metrics(): JWKSFetcherMetrics {
    return { ...this.#counters };
  }

  /** Forgets the issuer's key set, for use past its time too; the next lookup fetches it. */
  invalidate(issuer: string): void {
    const known = this.#issuers.get(issuer);
    if (known !== undefined) known.cached = undefined;
  }

  /** Forgets every key set. */
  clearCache(): void {
    for (const known of this.#issuers.values()) known.cached = undefined;
  }

  /** Ends what is under way and forgets everything. Lookups, waiting and new, are refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { client } of this.#issuers.values()) client.close();
    this.#issuers.clear();
  }

  #keySet(issuer: string): CachedKeySet {
    const known = this.#issuers.get(issuer) ?? this.#add(issuer);
    known.cached ??= new CachedKeySet({
      ...this.#settings,
      loader: known.client,
      counters: this.#counters,
      onStale: (use) => this.#reportStale(issuer, use),
    });
    return known.cached;
  }

  #add(issuer: string): Issuer {
    const [oldest] = this.#issuers;
    if (oldest !== undefined && this.#issuers.size >= MAX_ISSUERS) {
      const [name, { client }] = oldest;
      this.#issuers.delete(name);
      client.close();
    }
    const added = {
      client: new IssuerClient(issuer, this.#settings, this.#pool, this.#counters),
      cached: undefined,
    };
    this.#issuers.set(issuer, added);
    return added;
  }

  #reportStale(issuer: string, use: StaleUse): void {
    const { observer } = this.#settings;
    if (observer !== undefined)
      notify(observer, { type: "stale_key_set_served", issuer: printable(issuer), ...use });
  }
}
