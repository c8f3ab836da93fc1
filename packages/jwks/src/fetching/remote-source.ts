import type { FetchedJson } from "../outbound/fetch-json.js";

/** Usable keys by their `kid`: all that a cache needs to know of a key set. */
export interface KeysById<Key> {
  readonly keys: ReadonlyMap<string, Key>;
}

/** Key set of whatever kind of keys, with the reasons why others are not used, one sentence per key. */
export interface RemoteKeys<Key> extends KeysById<Key> {
  readonly skipped: readonly string[];
}

/** Key set that was fetched, with the headers that say for how long it may be kept. */
export interface RemoteAnswer<Keys> {
  readonly keySet: Keys;
  readonly headers: Headers;
}

/** Where a key set is fetched from, and how it is read. */
export interface RemoteSource<Keys> {
  /**
   * Returns the URL of the first request.
   *
   * @throws {KeySetRefusedError} when no request may be made to it.
   */
  url(): URL;
  /**
   * Returns the key set in the answer to the first request. `ask` makes another request, within the same time.
   *
   * @throws {KeySetRefusedError} when it holds no key set, nor says where one is.
   */
  read(answer: FetchedJson, ask: (url: URL) => Promise<FetchedJson>): Promise<RemoteAnswer<Keys>>;
}
