import type { Ed25519PublicKey, KeyResolver } from "@attest/core";
import { assertOptions } from "@attest/core/internal";
import type { JWKSFetcherOptions } from "./fetcher-options.js";
import { JWKSFetcher } from "./jwks-fetcher.js";

/** A fetcher to share, or the options of one of the resolver's own. */
export type HTTPKeyResolverOptions =
  | (JWKSFetcherOptions & { readonly fetcher?: undefined })
  | { readonly fetcher: JWKSFetcher };

/** Finds issuers' public keys in the key sets they publish. */
export class HTTPKeyResolver implements KeyResolver {
  readonly #fetcher: JWKSFetcher;
  readonly #ownsFetcher: boolean;

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: HTTPKeyResolverOptions = {}) {
    const { fetcher, ...own } = options;
    this.#ownsFetcher = fetcher === undefined;
    if (fetcher !== undefined) assertOptions("HTTPKeyResolver with a fetcher", options, ["fetcher"]);
    this.#fetcher = fetcher ?? new JWKSFetcher(own);
  }

  /**
   * The key that `issuer` publishes under `kid`; `undefined` when it publishes none that can be used.
   *
   * @throws {AttestationError} 1010 when the keys cannot be had; its `cause` says why.
   */
  getKey(issuer: string, kid: string): Promise<Ed25519PublicKey | undefined> {
    return this.#fetcher.getKey(issuer, kid);
  }

  /** Closes the resolver's own fetcher; one that was handed in is its owner's to close. */
  async close(): Promise<void> {
    if (this.#ownsFetcher) await this.#fetcher.close();
  }
}
