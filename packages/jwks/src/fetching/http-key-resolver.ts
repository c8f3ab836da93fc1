import type { Ed25519PublicKey, KeyResolver } from "@attest/core";
import { assertOptions, having, optional, readOptions } from "@attest/core/internal";
import { assertIsNoUrl, FETCHER_OPTIONS, type JWKSFetcherOptions } from "./fetcher-options.js";
import { JWKSFetcher } from "./jwks-fetcher.js";

/** Fetcher to share, or the options of a fetcher of the resolver's own. */
export type HTTPKeyResolverOptions =
  | (JWKSFetcherOptions & { readonly fetcher?: undefined })
  | { readonly fetcher: JWKSFetcher };

const OPTIONS = {
  ...FETCHER_OPTIONS,
  fetcher: optional(having<JWKSFetcher>("a JWKSFetcher", "getKey", "getJwks", "refresh")),
};

/** Finds issuers' public keys in the key sets that they publish. */
export class HTTPKeyResolver implements KeyResolver {
  readonly #fetcher: JWKSFetcher;
  readonly #ownsFetcher: boolean;

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: HTTPKeyResolverOptions = {}) {
    assertIsNoUrl("HTTPKeyResolver", options);
    if (options instanceof JWKSFetcher) {
      throw new TypeError(
        "HTTPKeyResolver takes an object of options, got a JWKSFetcher; share it by { fetcher }",
      );
    }
    const { fetcher, ...own } = readOptions("HTTPKeyResolver", options, OPTIONS);
    if (fetcher !== undefined) assertOptions("HTTPKeyResolver with a fetcher", options, ["fetcher"]);
    this.#ownsFetcher = fetcher === undefined;
    this.#fetcher = fetcher ?? new JWKSFetcher(own);
  }

  /**
   * Returns the key that `issuer` publishes under `kid`, or `undefined` when it publishes no such key that can be used.
   *
   * @throws {AttestationError} 1010 when the keys are unavailable. Its `cause` says why.
   */
  getKey(issuer: string, kid: string): Promise<Ed25519PublicKey | undefined> {
    return this.#fetcher.getKey(issuer, kid);
  }

  /**
   * Looks for a new key under an old `kid`, after a signature did not verify. Asks the issuer once per
   * `unknownKeyCooldownSeconds` at most, and returns the key that is known then.
   */
  refresh(issuer: string, kid: string): Promise<Ed25519PublicKey | undefined> {
    return this.#fetcher.refresh(issuer, kid);
  }

  /** Keeps what is known of these issuers, however many others are looked up. */
  keep(issuers: readonly string[]): void {
    this.#fetcher.keep(issuers);
  }

  /** Closes the resolver's own fetcher. A shared fetcher is left open. */
  async close(): Promise<void> {
    if (this.#ownsFetcher) await this.#fetcher.close();
  }
}
